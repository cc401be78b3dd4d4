/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fingerprint.h - names for the way a client says hello.
 *
 * The same program gives the same fingerprint, and so do others built on the
 * same library with the same settings. A client can imitate any of them: they
 * help to sort, never to decide.
 */
#ifndef TLS_FINGERPRINT_H
#define TLS_FINGERPRINT_H

#include "tls/hello.h"

/* With the NUL. */
enum { FINGERPRINT_JA3_SIZE = 33, FINGERPRINT_JA4_SIZE = 37 };

struct fingerprint {
	/*
	 * JA3 (J. Althouse and others, 2017): 32 hex digits, over numbers in
	 * the order of the hello. As clients began to shuffle, JA4 took over.
	 */
	char ja3[FINGERPRINT_JA3_SIZE];
	/* JA4 (FoxIO, 2023): "t13d1516h2_8daaf6152771_e5627efa2ab1". */
	char ja4[FINGERPRINT_JA4_SIZE];
};

/* Both are "" for a hello with longer lists than are kept. */
void fingerprint_take(const struct hello *h, struct fingerprint *out);

/*
 * What fingerprints are made of, kept for the case that somebody asks: some
 * hundred bytes, free() them. NULL: out of memory, or a hello without
 * fingerprints.
 */
struct imprint;
struct imprint *imprint_new(const struct hello *h);
void imprint_read(const struct imprint *i, struct fingerprint *out);

#endif
