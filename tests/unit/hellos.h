/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hellos.h - ClientHellos for tests: recorded ones, and ones put together from
 * what is publicly known of clients that do not run here.
 */
#ifndef TESTS_HELLOS_H
#define TESTS_HELLOS_H

#include "tls/hello.h"

/* tests/fuzz/corpus/hello/NAME; the bytes last until the next call. */
struct slice hellos_recorded(const char *name);

/*
 * Lists as people write them, numbers between spaces: suites, groups and
 * signatures in hex, extensions and points in decimal. NULL: none. The
 * contents of extensions not named here are left empty.
 */
struct hello_spec {
	unsigned version; /* 0: 0x0303 */
	const char *suites, *extensions, *groups, *points, *signatures;
	const char *versions; /* hex; NULL: no such extension */
	const char *alpn;     /* one name */
};
/* Its records, read by hello_read. */
void hellos_make(const struct hello_spec *spec, struct hello *out);

#endif
