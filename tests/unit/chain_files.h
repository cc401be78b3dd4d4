/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain_files.h - the certificates of chains.h as PEM, and what openssl(1) says
 * of them.
 */
#ifndef TESTS_CHAIN_FILES_H
#define TESTS_CHAIN_FILES_H

#include "chains.h"

#include <stddef.h>

/* Behind what is there, which ends in NUL. */
void chain_pem(const char *names, char *out, size_t cap);
void chain_crl_pem(const char *names, char *out, size_t cap);

enum opinion {
	OPINION_GOOD,
	OPINION_BAD,
	OPINION_NONE /* openssl(1) could not be run: scripts/setup check */
};

/* By "openssl verify", with the options that ask for the same. */
enum opinion chain_opinion(const struct chain_case *c);

#endif
