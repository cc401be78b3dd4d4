/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * md5.h - MD5 (RFC 1321) as JA3 wants it, for a label, and keys in files from
 * before PKCS#8: nothing that must hold.
 *
 * Our build of the library has none, so that no certificate signed with it can
 * ever be accepted.
 */
#ifndef TLS_MD5_H
#define TLS_MD5_H

#include "base/slice.h"

enum { MD5_SIZE = 16 };

void md5(struct slice s, unsigned char out[MD5_SIZE]);

#endif
