/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer_certificates.c - "cert list": the pairs that are served, one on each
 * line, in the order of the shelf; the first is the default.
 */
#include "daemon/answer.h"

#include "base/clock.h"
#include "policy/cidr.h"
#include "x509/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BEGIN, HEAD, FIRST_NAME, NAMES, OVER };
enum { DAY = 24 * 60 * 60 };

static const char *const kinds[] = {
    [KEY_RSA] = "RSA",
    [KEY_P256] = "ECDSA P-256",
    [KEY_P384] = "ECDSA P-384",
    [KEY_P521] = "ECDSA P-521",
};

static const char *
kind_text(enum key_kind kind)
{
	return (size_t)kind < sizeof kinds / sizeof kinds[0] && kinds[kind]
		   ? kinds[kind]
		   : "other";
}

/* Whole days; of one that has ended how many ago, -1 on the first. */
static int64_t
days(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

/* All but the names, of which there may be any number. */
static void
put_head(struct answer *a, const struct shelf_pair *p)
{
	char until[ANSWER_DATE], leaf[2 * SHELF_DIGEST + 1];

	for (size_t i = 0; i < SHELF_DIGEST; i++)
		(void)snprintf(leaf + 2 * i, 3, "%02x", p->leaf[i]);
	answer_date(p->not_after, until);
	answer_put(a, "%s\n{\"default\":%s,", a->pair > 0 ? "," : "",
		   a->pair == 0 ? "true" : "false");
	answer_put(a, "\"handshakes\":%" PRIu64 ",\"days_left\":%" PRId64 ",",
		   store_handshakes(a->snapshot->store, a->pair),
		   days(p->not_after - a->now));
	answer_member(a, "not_after", until);
	answer_member(a, "key", kind_text(p->kind));
	answer_member(a, "serial", p->serial);
	answer_member(a, "sha256", leaf);
	answer_member(a, "file", p->path);
	answer_member(a, "name", p->name);
	answer_put(a, "\"names\":[");
}

static void
put_name(struct answer *a, const struct name *n)
{
	struct address at = {{[10] = 0xff, [11] = 0xff}};
	size_t len = n->value.len;
	char text[ADDRESS_TEXT_MAX];

	if (n->kind == NAME_DNS) {
		answer_string(a, n->value);
		return;
	}
	memcpy(at.octets + sizeof at.octets - len, n->value.ptr, len);
	address_print(&at, text);
	answer_string(a, slice_str(text));
}

static bool
is_shown(const struct name *n)
{
	return n->kind == NAME_DNS ||
	       (n->kind == NAME_ADDRESS &&
		(n->value.len == 4 || n->value.len == ADDRESS_MAX));
}

static int
begin(struct answer *a)
{
	a->snapshot = snapshot_current();
	a->now = (int64_t)(clock_wall_ms() / 1000);
	answer_put(a, "{\"certificates\":[");
	return HEAD;
}

static int
next_pair(struct answer *a)
{
	const struct shelf *s = store_shelf(a->snapshot->store);
	struct shelf_pair p;

	if (a->pair == shelf_count(s)) {
		answer_put(a, "\n]}\n");
		return OVER;
	}
	shelf_pair(s, a->pair, &p);
	put_head(a, &p);
	a->names = p.names;
	return FIRST_NAME;
}

static int
next_name(struct answer *a)
{
	struct name n;

	while (names_next(&a->names, &n)) {
		if (!is_shown(&n))
			continue;
		answer_put(a, "%s", a->state == FIRST_NAME ? "" : ",");
		put_name(a, &n);
		return NAMES;
	}
	answer_put(a, "]}");
	a->pair++;
	return HEAD;
}

bool
answer_certificates(struct answer *a)
{
	static int (*const run[])(struct answer * a) = {
	    [BEGIN] = begin,
	    [HEAD] = next_pair,
	    [FIRST_NAME] = next_name,
	    [NAMES] = next_name,
	};

	while (a->state != OVER && answer_room(a))
		a->state = run[a->state](a);
	return a->state != OVER;
}
