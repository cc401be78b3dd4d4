/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - from the bytes of a file to settings in which all fits.
 */
#include "config/settings.h"

#include "config/check.h"
#include "config/commands.h"
#include "config/keys.h"
#include "config/loader.h"
#include "config/policies.h"
#include "config/reader.h"
#include "config/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What settings_free frees. A text is no longer than it was in the file, and
 * behind it there stood a byte more: a quote, a comma, the end of the line.
 */
struct loaded {
	struct settings settings;
	struct listener_settings listeners[SETTINGS_LISTENERS_MAX];
	struct certificate_settings certificates[SETTINGS_CERTIFICATES_MAX];
	struct tls_policy_settings policies[SETTINGS_POLICIES_MAX];
	struct backend_settings backends[SETTINGS_BACKENDS_MAX];
	struct command_rule commands[COMMAND_RULES_MAX];
	struct rule_settings rules[RULES_MAX];
	char texts[];
};

static void
default_listeners(struct settings *s)
{
	static const struct {
		const char *name;
		uint16_t port;
		enum listener_mode mode;
	} defaults[] = {
	    {"imaps", 993, LISTENER_IMPLICIT},
	    {"imap", 143, LISTENER_STARTTLS},
	};

	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		struct listener_settings *d = &s->listeners[i];

		loader_preset(key_of("listeners"), d);
		snprintf(d->name, sizeof d->name, "%s", defaults[i].name);
		d->any = true;
		d->port = defaults[i].port;
		d->mode = defaults[i].mode;
	}
	s->listeners_count = sizeof defaults / sizeof defaults[0];
}

/* Where to point when this key, of this entry, is to blame. */
static struct place
place_of(const struct loader *l, const char *path, size_t index)
{
	const struct key *k = path ? key_of(path) : NULL;

	if (!k)
		return (struct place){0};
	return k->kind == KIND_ENTRIES ? loader_entry(l, k, index)
				       : loader_place(l, k, index);
}

/* Of the entry in which that key would stand. */
static struct place
place_around(const struct loader *l, const char *path, size_t index)
{
	const struct key *k = key_of(path), *list;

	for (size_t i = 0; (list = key_at(i)); i++)
		if (key_is_child(k, list))
			return loader_entry(l, list, index);
	return (struct place){0};
}

static enum err
judge(struct loader *l)
{
	struct complaint c = {0};
	struct place at;
	enum err e = policies_resolve(l, &c);

	if (e == ERR_OK)
		e = rules_resolve(l, &c);
	if (e == ERR_OK)
		e = commands_resolve(l->settings, &c);
	if (e == ERR_OK)
		e = config_check(l->settings, &c);
	if (e == ERR_OK)
		return ERR_OK;
	at = place_of(l, c.path, c.index);
	if (at.line == 0)
		at = place_of(l, c.other, c.index);
	if (at.line == 0)
		at = place_around(l, c.path, c.index);
	return blame(l->fault, at, e, "%s", c.text);
}

static void
note_certificate(const struct loader *l, size_t i)
{
	struct certificate_settings *c = &l->settings->certificates[i];

	c->places.chain = place_of(l, "certificates.chain", i);
	c->places.key = place_of(l, "certificates.key", i);
	c->places.directory = place_of(l, "certificates.directory", i);
	c->places.passphrase = place_of(l, "certificates.passphrase", i);
	c->places.staple = place_of(l, "certificates.staple", i);
}

static void
note_places(const struct loader *l)
{
	struct settings *s = l->settings;

	for (size_t i = 0; i < s->certificates_count; i++)
		note_certificate(l, i);
	s->places.ticket_secret = place_of(l, "tls.ticket_secret", 0);
	s->places.sink = place_of(l, "audit.sink", 0);
	s->places.anchors = place_of(l, "audit.anchors", 0);
	s->places.chain = place_of(l, "audit.chain", 0);
	s->places.user = place_of(l, "process.user", 0);
	s->places.readers = place_of(l, "admin.readers", 0);
	s->places.state = place_of(l, "state.path", 0);
	s->places.controllers = place_of(l, "admin.controllers", 0);
}

static enum err
load(struct loader *l)
{
	enum err e = loader_run(l);

	if (e != ERR_OK)
		return e;
	if (l->settings->listeners_count == 0)
		default_listeners(l->settings);
	note_places(l);
	return judge(l);
}

static struct settings *
settings_new(size_t bytes, struct texts *texts)
{
	struct loaded *all = calloc(1, sizeof *all + bytes + 1);

	if (!all)
		return NULL;
	all->settings.listeners = all->listeners;
	all->settings.backends = all->backends;
	all->settings.limits.rules = all->rules;
	all->settings.commands = all->commands;
	all->settings.certificates = all->certificates;
	all->settings.tls_policies = all->policies;
	all->settings.own_policies = all->policies + SETTINGS_BUILT_IN_POLICIES;
	*texts = (struct texts){all->texts, bytes + 1};
	return &all->settings;
}

void
settings_free(struct settings *s)
{
	free(s); /* the first member of struct loaded */
}

enum err
settings_load(struct slice yaml, struct settings **out,
	      struct settings_fault *fault)
{
	struct loader l = {.fault = fault};
	enum err e = ERR_NOMEM;

	l.reader = reader_new(yaml, fault);
	l.settings = settings_new(yaml.len, &l.texts);
	if (l.reader && l.settings)
		e = load(&l);
	else
		(void)blame(fault, (struct place){0}, e, "out of memory");
	loader_clear(&l);
	reader_free(l.reader);
	if (e == ERR_OK)
		*out = l.settings;
	else
		settings_free(l.settings);
	return e;
}
