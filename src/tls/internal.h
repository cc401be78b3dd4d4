/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * internal.h - what the files of tls/ share and nobody else sees: the library.
 *
 * No other folder includes a wolfSSL header, except base/digest.
 */
#ifndef TLS_INTERNAL_H
#define TLS_INTERNAL_H

#include "base/err.h"
#include "base/slice.h"
#include "tls/store.h"
#include "x509/certificate.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/ssl.h>

#include <stddef.h>
#include <stdint.h>

#if LIBWOLFSSL_VERSION_HEX < 0x05009002
#error "wolfSSL 5.9.2 is the oldest we trust: 5.5.4 reads out of bounds on a \
16-byte TLS 1.3 record (CVE-2024-0901), later ones have holes of their own"
#endif
#ifdef WOLFSSL_EARLY_DATA
#error "this wolfSSL was built with early data; a login must not be replayed"
#endif

/* What led to a connection: zeroed, if it did not resume a session. */
struct lineage {
	int64_t born_s;      /* the full handshake, seconds since 1970 */
	uint8_t resumptions; /* since then */
};
/* engine.c; NULL: its client must not resume. */
struct lineage *engine_lineage(WOLFSSL *ssl);

/* Of RSA keys that are taken for good, and of those that can be served. */
enum { RSA_BITS_MIN = 2048, RSA_BITS_SERVED = 1024 };

/* engine.c: the library's I/O, for a context. */
void engine_install(WOLFSSL_CTX *ctx);

/* reason.c: never NULL. `code` as wolfSSL_get_error gave it, `alert` or -1. */
const char *reason_text(int code, int alert_received);

/*
 * staple.c: clients of the context that ask for the certificate's status get
 * it, for as long as it is good. *s must stay as long as handshakes run. A
 * context without needs no call: its clients get none.
 */
struct staple;
enum err staple_install(WOLFSSL_CTX *ctx, struct staple *s) MUST_USE;

/* date.c: "2026-11-22 05:30 UTC", in `out`. */
enum { DATE_TEXT = 32 };
const char *date_text(int64_t seconds, char out[DATE_TEXT]);

/*
 * signature.c: did the key (SubjectPublicKeyInfo, DER) sign `text`? Never with
 * SIGNATURE_OTHER.
 */
bool signature_verify(struct slice key, const struct signature *s,
		      struct slice text);
/* The same, and hashes, for x509. */
extern const struct crypto signature_crypto;

/*
 * library.c: fills out with n bytes of the kernel's; the library was built to
 * draw from here (scripts/build-wolfssl). 0, or an error of the library.
 */
int imapward_random(unsigned char *out, unsigned n);

/* cpu.c: acceleration that this machine offers to the library. */
bool cpu_has_aes(void);
void cpu_text(char *out, size_t cap);

#endif
