/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ticket_secrets.h - what session tickets are sealed with, and for how long.
 *
 * The keys change with the wall clock: generation n holds from n * rotation to
 * (n + 1) * rotation, counted in seconds since 1970. Whoever has the same
 * secrets and the same rotation, workers and gates alike, agrees without a
 * word. Tickets of earlier generations open for the length of the lifetime;
 * those of the next one too, for clocks that differ.
 *
 * Secrets out of a file hold as long as the file says. A random one is never
 * written anywhere and is forgotten step by step: what sealed a generation that
 * no longer opens cannot be found again, not even from all of our memory.
 *
 * The set is counted; all of it may be used by any thread.
 */
#ifndef TLS_TICKET_SECRETS_H
#define TLS_TICKET_SECRETS_H

#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum {
	TICKET_SECRET = 32,     /* bytes; 64 hexadecimal digits in a file */
	TICKET_SECRETS_MAX = 8, /* in a file */
	TICKET_FILE_MAX = 64 * 1024,
	TICKET_LIFETIME_MAX = 7 * 24 * 3600, /* RFC 8446 section 4.6.1 */
	/* lifetime / rotation, rounded up: each costs memory in each policy */
	TICKET_PREVIOUS_MAX = 32
};

struct ticket_schedule {
	uint32_t rotation_s; /* how often the key changes; 1 or more */
	/*
	 * For how long sessions are resumed, counted from the handshake that
	 * was a full one, however often they were resumed since.
	 */
	uint32_t lifetime_s;
};

/* Unless the configuration says otherwise. */
#define TICKET_SCHEDULE                                                        \
	((struct ticket_schedule){.rotation_s = 12 * 3600,                     \
				  .lifetime_s = 24 * 3600})

/* Why secrets or a schedule were refused, for the one line that is read. */
struct ticket_fault {
	enum err cause;
	/* Printable ASCII, without file names, and never with a secret. */
	char text[128];
};

struct ticket_secrets;

/* ERR_RANGE with *fault: out of the bounds above. */
enum err ticket_schedule_check(const struct ticket_schedule *s,
			       struct ticket_fault *fault) MUST_USE;

/*
 * The secrets of a file: lines of 64 hexadecimal digits, as `openssl rand -hex
 * 32` prints them; empty lines and those that begin with '#' do not count. The
 * first seals, all of them open. NULL: *fault has the line, never what is in
 * it. The file's permissions are its reader's business, and so is wiping the
 * bytes. The schedule must be a good one.
 */
struct ticket_secrets *ticket_secrets_read(const struct ticket_schedule *s,
					   struct slice file,
					   struct ticket_fault *fault) MUST_USE;

/*
 * A random secret: `before` once more, if it is one and has this schedule, so
 * that a reload costs nobody a full handshake. before: may be NULL, and stays
 * the caller's. NULL: out of memory, or no randomness. The schedule must be a
 * good one.
 */
struct ticket_secrets *
ticket_secrets_random(const struct ticket_schedule *s,
		      struct ticket_secrets *before) MUST_USE;

struct ticket_secrets *ticket_secrets_ref(struct ticket_secrets *s);
/* Wipes with the last one. NULL is fine. */
void ticket_secrets_unref(struct ticket_secrets *s);

#endif
