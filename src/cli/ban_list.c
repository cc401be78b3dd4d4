/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ban_list.h"

#include "audit/members.h"
#include "stretch.h"

#include "policy/cidr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80, INDENT = 4, WHO = 49 };
enum { A_YEAR = 366 * 24 * 3600 }; /* nft knows no ages */

/* The lines that are a ban each; false: no more. */
static bool
next_ban(struct slice *answer, struct slice *line)
{
	while (answer->len > 0) {
		*line = slice_cut(answer, '\n');
		if (slice_istarts(*line, SLICE("{\"kind\"")))
			return true;
	}
	return false;
}

/* ---- for people ---- */

/* Words, each further line indented as the first one is. */
static void
put_words(size_t *column, struct slice text)
{
	while (text.len > 0) {
		struct slice word = slice_cut(&text, ' ');

		if (*column == 0) {
			*column = (size_t)printf("%*s", INDENT - 1, "");
		} else if (*column + 2 + word.len > COLUMNS) {
			putchar('\n');
			*column = (size_t)printf("%*s", INDENT - 1, "");
		}
		*column += (size_t)printf(" %.*s", (int)word.len,
					  (const char *)word.ptr);
	}
}

static void
put_text(size_t *column, const char *text)
{
	put_words(column, slice_str(text));
}

/* An address needs no /32 or /128. */
static struct slice
who_of(struct slice line)
{
	struct slice who = member(line, "who");
	bool v6 = slice_find(who, ':') < who.len;
	struct slice whole = v6 ? SLICE("/128") : SLICE("/32");

	if (!slice_eq(member(line, "kind"), SLICE("user")) &&
	    slice_iends(who, whole))
		who.len -= whole.len;
	return who;
}

static void
left_of(struct slice line, char out[STRETCH_MAX])
{
	uint64_t seconds;

	if (slice_number(member(line, "seconds_left"), UINT64_MAX, &seconds))
		stretch_print(seconds, out);
	else
		(void)snprintf(out, STRETCH_MAX, "for good");
}

static void
put_evidence(size_t *column, struct slice line)
{
	struct slice evidence = member(line, "evidence"), one;
	struct slice attempts = member(line, "attempts");

	if (slice_eq(attempts, SLICE("0")))
		return;
	put_text(column, "-");
	put_words(column, attempts);
	put_text(column, "attempts from");
	put_words(column, member(line, "first"));
	put_text(column, "to");
	put_words(column, member(line, "last"));
	put_text(column, evidence.len > 0 ? "-" : "");
	while (member_item(&evidence, &one)) {
		put_words(column, one);
		if (evidence.len > 0)
			*column += (size_t)printf(",");
	}
}

static void
print_ban(struct slice line)
{
	bool by_hand = slice_eq(member(line, "by_hand"), SLICE("true"));
	struct slice who = who_of(line), times = member(line, "times");
	struct slice refused = member(line, "refused");
	struct slice reason = member(line, "reason");
	char left[STRETCH_MAX];
	size_t column = 0;

	if (by_hand)
		times = SLICE("-");
	left_of(line, left);
	printf("%-*.*s %10s %5.*s %10.*s\n", WHO, (int)who.len,
	       (const char *)who.ptr, left, (int)times.len,
	       (const char *)times.ptr, (int)refused.len,
	       (const char *)refused.ptr);
	if (by_hand)
		put_text(&column, reason.len > 0 ? "by hand:" : "by hand");
	put_words(&column, reason);
	put_evidence(&column, line);
	putchar('\n');
}

bool
ban_list_print(struct slice answer)
{
	struct slice line;

	printf("%-*s %10s %5s %10s\n", WHO, "WHO", "LEFT", "TIMES", "REFUSED");
	while (next_ban(&answer, &line))
		print_ban(line);
	return true;
}

/* ---- for nft ---- */

struct element {
	struct cidr net;
	uint64_t seconds; /* 0: for good */
};

struct elements {
	struct element *at;
	size_t count, cap;
};

static bool
add(struct elements *e, const struct element *one)
{
	if (e->count == e->cap) {
		size_t cap = e->cap > 0 ? 2 * e->cap : 64;
		struct element *at = realloc(e->at, cap * sizeof *at);

		if (!at)
			return false;
		e->at = at;
		e->cap = cap;
	}
	e->at[e->count++] = *one;
	return true;
}

/* By address, the larger network first. */
static int
compare(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int order =
	    memcmp(&x->net.network, &y->net.network, sizeof x->net.network);

	if (order != 0)
		return order;
	return x->net.bits < y->net.bits ? -1 : x->net.bits > y->net.bits;
}

/* Leaves out what lies in the one before. */
static void
thin_out(struct elements *e)
{
	size_t kept = 0;

	qsort(e->at, e->count, sizeof e->at[0], compare);
	for (size_t i = 0; i < e->count; i++)
		if (kept == 0 ||
		    !cidr_contains(&e->at[kept - 1].net, &e->at[i].net.network))
			e->at[kept++] = e->at[i];
	e->count = kept;
}

static void
print_elements(const struct elements *e, bool v4, const char *set)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++) {
		char text[CIDR_TEXT_MAX];

		if (address_is_v4(&e->at[i].net.network) != v4)
			continue;
		cidr_print(&e->at[i].net, text);
		if (n++ == 0)
			printf("add element inet imapward %s {\n", set);
		else
			printf(",\n");
		printf("\t%s", text);
		if (e->at[i].seconds > 0 && e->at[i].seconds < A_YEAR)
			printf(" timeout %llus",
			       (unsigned long long)e->at[i].seconds);
	}
	if (n > 0)
		printf("\n}\n");
}

static const char head[] =
    "# The bans of imapward, for nft -f. The rules that use these sets are\n"
    "# yours; see imapward(8), Bans in the firewall.\n"
    "table inet imapward {\n"
    "\tset banned4 {\n"
    "\t\ttype ipv4_addr\n"
    "\t\tflags interval, timeout\n"
    "\t}\n"
    "\tset banned6 {\n"
    "\t\ttype ipv6_addr\n"
    "\t\tflags interval, timeout\n"
    "\t}\n"
    "}\n"
    "flush set inet imapward banned4\n"
    "flush set inet imapward banned6\n";

static bool
collect(struct slice answer, struct elements *all)
{
	struct slice line;

	while (next_ban(&answer, &line)) {
		struct element one = {.seconds = 0};

		if (cidr_parse(member(line, "who"), &one.net) != ERR_OK ||
		    slice_eq(member(line, "kind"), SLICE("user")))
			continue;
		(void)slice_number(member(line, "seconds_left"), UINT64_MAX,
				   &one.seconds);
		if (!add(all, &one))
			return false;
	}
	return true;
}

bool
ban_list_nft(struct slice answer)
{
	struct elements all = {NULL, 0, 0};
	bool good = collect(answer, &all);

	if (good) {
		if (all.count > 0)
			thin_out(&all);
		(void)fputs(head, stdout);
		print_elements(&all, true, "banned4");
		print_elements(&all, false, "banned6");
	} else {
		(void)fputs("imapward: out of memory\n", stderr);
	}
	free(all.at);
	return good;
}
