/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hello_body.h - what stands in a ClientHello (RFC 8446 section 4.1.2).
 */
#ifndef TLS_HELLO_BODY_H
#define TLS_HELLO_BODY_H

#include "tls/hello.h"

/*
 * The message without its header. False: malformed; *h, which must be all zero
 * before, is then of no use.
 */
bool hello_body(struct slice body, struct hello *h);

#endif
