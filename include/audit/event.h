/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - how one event is written.
 *
 * An event is one JSON line with Elastic Common Schema names. Session fields
 * are added by the writer from struct event_context, never by the caller.
 * No field can carry a password, a token or message content: there is none in
 * the catalogue (audit/catalogue.h). Peer bytes are escaped here, whatever they
 * are.
 */
#ifndef AUDIT_EVENT_H
#define AUDIT_EVENT_H

#include "audit/catalogue.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every event of one session carries; "" is left out. */
struct event_context {
	char session[17]; /* imapward.session: hex, unique per process life */
	char address[46]; /* source.ip, as address_print writes it */
	uint16_t port;    /* source.port, 0 is left out */
	const char *listener; /* imapward.listener, NULL is left out */
};

/* How identities are written: audit.user and audit.address of the settings. */
struct event_privacy {
	/*
	 * user.name and user.effective.name become user.hash and
	 * user.effective.hash: 16 hex digits, keyed, of the name in lower case.
	 */
	bool hash_user;
	bool prefix_address;   /* source.ip is the network: /24 resp. /48 */
	unsigned char key[16]; /* random per process, or from a file */
};

/*
 * EVENT_MAX: no line is longer, its newline included, nor when it is sealed
 * (audit/chain.h), for which event_end leaves room.
 */
enum { EVENT_MAX = 8192, EVENT_SEAL = 96, EVENT_LIST_MAX = 64 };

/* One line being written; lives on the caller's stack. */
struct event {
	size_t len;
	const struct event_privacy *privacy;
	uint64_t given[2]; /* the fields written so far, a bit each */
	bool cut;          /* a value was shortened, or a field did not fit */
	char text[EVENT_MAX];
};

/*
 * wall_ms: milliseconds since 1970 UTC. ctx and privacy may be NULL; privacy
 * must live as long as the event is being written.
 */
void event_begin(struct event *e, enum event_id id,
		 const struct event_context *ctx,
		 const struct event_privacy *privacy, uint64_t wall_ms);
/*
 * One field each; a second value for the same field is left out. An error to
 * do: a value of another type than FIELD_LIST says, or a field that it does not
 * give to this event. slice: any bytes, escaped,
 * cut at 256 bytes. text: NULL is left out.
 */
void event_slice(struct event *e, enum field_id f, struct slice value);
void event_text(struct event *e, enum field_id f, const char *value);
void event_number(struct event *e, enum field_id f, uint64_t value);
void event_bool(struct event *e, enum field_id f, bool value);
/* n texts of our own, at most EVENT_LIST_MAX; none is left out. */
void event_list(struct event *e, enum field_id f, const char *const *values,
		size_t n);
/* Ends the line with "}\n"; the slice points into e. Only once per event. */
struct slice event_end(struct event *e);

#endif
