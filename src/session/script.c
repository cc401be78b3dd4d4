/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.c - what a backend is told to log somebody in, piece by piece.
 *
 * The command is written anew from the decoded credentials, in the form the
 * backend knows; what follows a literal or a challenge waits for its "+".
 */
#include "session/session.h"

#include "base/wipe.h"
#include "imap/capability.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
	struct attempt *a;
	size_t len;
};

static void
add(struct script *sc, struct slice text)
{
	assert(text.len <= sc->a->script_cap - sc->len);
	memcpy(sc->a->script + sc->len, text.ptr, text.len);
	sc->len += text.len;
}

/* What follows waits for the backend's "+". */
static void
end_piece(struct script *sc)
{
	assert(sc->a->pieces_count < ATTEMPT_PIECES);
	sc->a->pieces[++sc->a->pieces_count] = sc->len;
}

static void
add_string(struct script *sc, struct slice s)
{
	char head[32];

	if (string_fits_quoted(s)) {
		sc->len += string_quote(s, sc->a->script + sc->len);
		return;
	}
	(void)snprintf(head, sizeof head, "{%zu}\r\n", s.len);
	add(sc, slice_str(head));
	end_piece(sc);
	add(sc, s);
}

static void
write_login(struct script *sc)
{
	add(sc, SLICE(" LOGIN "));
	add_string(sc, sc->a->identity.user);
	add(sc, SLICE(" "));
	add_string(sc, sc->a->identity.secret);
	add(sc, SLICE("\r\n"));
}

/* message: decoded; encoded here. initial: the backend takes it in the line. */
static void
write_sasl(struct script *sc, enum mechanism m, struct slice message,
	   bool initial)
{
	add(sc, SLICE(" AUTHENTICATE "));
	add(sc, mechanism_text(m));
	if (initial) {
		add(sc, SLICE(" "));
	} else {
		add(sc, SLICE("\r\n"));
		end_piece(sc);
	}
	if (message.len == 0 && initial)
		add(sc, SLICE("="));
	sc->len += base64_encode(message, sc->a->script + sc->len);
	add(sc, SLICE("\r\n"));
}

static void
write_plain(struct script *sc, bool initial)
{
	struct attempt *a = sc->a;
	size_t n = a->identity.authzid.len + a->identity.user.len +
		   a->identity.secret.len + 2;
	/* The message is built at the end of the script, then encoded. */
	unsigned char *message = a->script + a->script_cap - n;

	(void)sasl_write_plain(&a->identity, message);
	write_sasl(sc, MECHANISM_PLAIN, slice_of(message, n), initial);
}

/* REPLY_NONE: written; else what the client must hear instead. */
enum reply
script_write(struct attempt *a, unsigned flags)
{
	struct script sc = {.a = a};
	bool initial = flags & CAP_SASL_IR, plain = flags & CAP_AUTH_PLAIN;

	a->script_cap = 6 * (a->identity.authzid.len + a->identity.user.len +
			     a->identity.secret.len + a->message_len) +
			512;
	a->script = calloc(1, a->script_cap);
	if (!a->script)
		return REPLY_UNAVAILABLE;
	add(&sc, slice_str(a->trial.tag));
	if (a->mechanism == MECHANISM_XOAUTH2 ||
	    a->mechanism == MECHANISM_OAUTHBEARER) {
		unsigned need = a->mechanism == MECHANISM_XOAUTH2
				    ? CAP_AUTH_XOAUTH2
				    : CAP_AUTH_OAUTHBEARER;

		if (!(flags & need))
			return REPLY_MECHANISM_UNKNOWN;
		write_sasl(&sc, a->mechanism,
			   slice_of(a->message, a->message_len), initial);
	} else if (a->identity.authzid.len > 0 && !plain) {
		return REPLY_AUTHZ_FAILED;
	} else if (plain && !a->login_command) {
		write_plain(&sc, initial);
	} else {
		write_login(&sc);
	}
	end_piece(&sc);
	return REPLY_NONE;
}

void
script_forget(struct attempt *a)
{
	if (a->script)
		wipe(a->script, a->script_cap);
	free(a->script);
	a->script = NULL;
	a->pieces_count = a->pieces_sent = 0;
}
