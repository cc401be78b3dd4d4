/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailbox.h - the name of a mailbox, for people.
 *
 * Pure.
 */
#ifndef IMAP_MAILBOX_H
#define IMAP_MAILBOX_H

#include "base/slice.h"

/*
 * From modified UTF-7 (RFC 3501 section 5.1.3) to UTF-8; INBOX in whatever case
 * is "INBOX". A name that is no modified UTF-7 stays as it is: it is UTF-8
 * where the client enabled that (RFC 6855, RFC 9051), or wrong. Writes at most
 * room bytes, whole characters; returns how many.
 */
size_t mailbox_text(struct slice name, unsigned char *out, size_t room);

#endif
