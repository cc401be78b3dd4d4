/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret.h - a private key out of a PEM file.
 */
#ifndef TLS_SECRET_H
#define TLS_SECRET_H

#include "base/slice.h"
#include "x509/certificate.h"

#include <stdbool.h>
#include <stddef.h>

enum secret_state {
	SECRET_READ,
	SECRET_ABSENT,   /* there is no private key in it */
	SECRET_LOCKED,   /* encrypted, and there is no passphrase */
	SECRET_MISMATCH, /* encrypted, and not with this passphrase */
	SECRET_FOREIGN,  /* encrypted in a way that our library does not know */
	SECRET_BROKEN
};

/* What RSA with 4096 bits needs, and more. */
enum { SECRET_MAX = 4096 };

struct secret {
	enum key_kind kind; /* KEY_RSA, KEY_P256, ..., KEY_ED25519 */
	/* PKCS#1, SEC1 with the public key, or PKCS#8 (Ed25519). */
	unsigned char der[SECRET_MAX];
	size_t len;
};

/*
 * The first private key of the file: PKCS#8, encrypted or not, SEC1 or PKCS#1.
 * passphrase: may be empty. *out is filled in by SECRET_READ only; secret_clear
 * it.
 */
enum secret_state secret_read(struct slice pem, struct slice passphrase,
			      struct secret *out);
void secret_clear(struct secret *s);
/* Why it was not read: a sentence. */
const char *secret_text(enum secret_state s);

/* Does it belong to this certificate (DER)? */
bool secret_fits(const struct secret *s, struct slice certificate);

#endif
