/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agent.c - what a client says it is (ID, RFC 2971), before login or after.
 */
#include "session/session.h"

#include "imap/command.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 64 };

static const char *const keys[AGENT_FIELDS] = {
    [AGENT_NAME] = "name",     [AGENT_VERSION] = "version",
    [AGENT_OS] = "os",         [AGENT_OS_VERSION] = "os-version",
    [AGENT_VENDOR] = "vendor",
};

static void
note(void *arg, struct slice key, struct slice value)
{
	struct slice *found = arg;

	if (!value.ptr)
		return;
	for (size_t i = 0; i < AGENT_FIELDS; i++)
		if (slice_ieq(key, slice_str(keys[i])))
			found[i] = slice_head(value, VALUE_MAX);
}

static char *
put(char *to, struct slice text)
{
	memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
	return to + text.len + 1;
}

/* "name version", then each field: texts one behind the other. */
static void
keep(struct session *s, const struct slice found[AGENT_FIELDS])
{
	struct slice name = found[AGENT_NAME], version = found[AGENT_VERSION];
	size_t n = name.len + version.len + 2;
	char *agent, *at;

	for (size_t i = 0; i < AGENT_FIELDS; i++)
		n += found[i].len + 1;
	agent = malloc(n);
	if (!agent)
		return;
	at = put(agent, name);
	if (name.len > 0 && version.len > 0)
		at[-1] = ' ';
	else
		at--;
	at = put(at, version);
	for (size_t i = 0; i < AGENT_FIELDS; i++)
		at = put(at, found[i]);
	agent_forget(s);
	s->agent = agent;
}

enum err
agent_read(struct session *s, struct slice args)
{
	struct slice found[AGENT_FIELDS];
	unsigned char *mem = malloc(args.len + 1);
	enum err e = ERR_NOMEM;
	bool any = false;

	for (size_t i = 0; i < AGENT_FIELDS; i++)
		found[i] = SLICE_EMPTY;
	if (mem)
		e = command_id(args, mem, note, found);
	for (size_t i = 0; i < AGENT_FIELDS; i++)
		any = any || found[i].len > 0;
	if (e == ERR_OK && any)
		keep(s, found);
	free(mem);
	return e;
}

void
agent_forget(struct session *s)
{
	free(s->agent);
	s->agent = NULL;
}

/* "" is no text worth a field. */
static void
tell(struct event *e, enum field_id f, const char *text)
{
	if (*text)
		event_text(e, f, text);
}

void
agent_tell_short(const struct session *s, struct event *e)
{
	if (s->agent)
		tell(e, FIELD_CLIENT_ID, s->agent);
}

void
agent_tell(const struct session *s, struct event *e)
{
	static const enum field_id fields[AGENT_FIELDS] = {
	    [AGENT_NAME] = FIELD_AGENT_NAME,
	    [AGENT_VERSION] = FIELD_AGENT_VERSION,
	    [AGENT_OS] = FIELD_AGENT_OS,
	    [AGENT_OS_VERSION] = FIELD_AGENT_OS_VERSION,
	    [AGENT_VENDOR] = FIELD_AGENT_VENDOR,
	};
	const char *at = s->agent;

	for (size_t i = 0; at && i < AGENT_FIELDS; i++) {
		at += strlen(at) + 1;
		tell(e, fields[i], at);
	}
}
