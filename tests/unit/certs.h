/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * certs.h - certificates for tests, made on first use, the same for all tests
 * of a process.
 *
 * Root, intermediate CA and leaf; valid from 2020 to 2049, so that tests choose
 * "expired" and "not yet valid" by the time they pass in.
 */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

#include "base/slice.h"

#include <stdint.h>

#define CERTS_NOW   INT64_C(1795305600) /* 2026-11-22 */
#define CERTS_EARLY INT64_C(1500000000) /* 2017 */
#define CERTS_LATE  INT64_C(2600000000) /* 2052 */

#define CERTS_HOST "imap.example.com"

enum certs_kind {
	CERTS_EC,         /* ECDSA P-256, leaf and intermediate */
	CERTS_EC384,      /* ECDSA P-384 */
	CERTS_RSA,        /* RSA-2048 */
	CERTS_EC521,      /* a curve we do not take */
	CERTS_ED25519,    /* a key type we do not take */
	CERTS_SELF_CA,    /* one self-signed certificate that says CA:TRUE */
	CERTS_OLD_ISSUER, /* the intermediate expired in 2024 */
	CERTS_NO_CN,      /* the name is in the SAN only */
	CERTS_KINDS
};

struct slice certs_chain(enum certs_kind kind); /* PEM */
struct slice certs_key(enum certs_kind kind);   /* PEM, SEC1 or PKCS#1 */
struct slice certs_key_pkcs8(enum certs_kind kind);
struct slice certs_root(void);         /* PEM */
struct slice certs_intermediate(void); /* PEM, of CERTS_EC */

#endif
