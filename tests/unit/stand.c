/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stand.h"

#include "base/clock.h"
#include "shelves.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define YAML                                                                   \
	"certificates:\n  - chain: /c.pem\n    key: /k.pem\n"                  \
	"backends:\n  - name: one\n    address: 127.0.0.1\n    port: 1143\n"

struct stand *
stand_make(const struct stand_wish *w)
{
	struct stand *s = calloc(1, sizeof *s);
	struct store_options o = {
	    .shelf = w->shelf, .before = w->before ? w->before->store : NULL};
	struct settings_fault where;
	struct store_fault fault;
	char yaml[4096];
	enum err e;

	assert(s);
	(void)snprintf(yaml, sizeof yaml, YAML "%s", w->yaml ? w->yaml : "");
	e = settings_load(slice_str(yaml), &s->settings, &where);
	if (e != ERR_OK)
		fprintf(stderr, "%u: %s\n%s", where.line, where.text, yaml);
	assert(e == ERR_OK);
	o.settings = s->settings;
	e = store_new(&o, &s->store, &fault);
	if (e != ERR_OK)
		fprintf(stderr, "%s\n", fault.text);
	assert(e == ERR_OK);
	s->shelf = w->shelf;
	s->policy = w->policy;
	s->contexts = contexts_new(w->wall_ms ? w->wall_ms : clock_wall_ms);
	assert(s->contexts);
	return s;
}

struct stand *
stand_of(struct slice shelf, const char *yaml, const struct stand *before)
{
	return stand_make(&(struct stand_wish){.shelf = shelf,
					       .yaml = yaml,
					       .policy = yaml ? 2 : 1,
					       .before = before});
}

struct stand *
stand_new(enum certs_kind kind, enum tls_version minimum)
{
	struct stand *s;
	enum err e = tls_library_init();

	assert(e == ERR_OK);
	s = stand_of(shelves_of(&kind, 1), NULL, NULL);
	s->policy = minimum == TLS_VERSION_13 ? 0 : 1;
	return s;
}

void
stand_free(struct stand *s)
{
	if (!s)
		return;
	contexts_free(s->contexts);
	store_unref(s->store);
	settings_free(s->settings);
	shelves_free(s->shelf);
	free(s);
}

struct engine *
stand_engine(struct stand *s)
{
	struct context *x =
	    contexts_get(s->contexts, s->store, s->policy, s->pair);

	return x ? engine_new_server(x) : NULL;
}
