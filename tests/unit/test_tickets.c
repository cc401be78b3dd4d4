/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/tickets.h"

#include "base/wipe.h"
#include "certs.h"
#include "memory.h"
#include "shelves.h"
#include "stand.h"
#include "tls_link.h"
#include "unit/input.h"

#include <pthread.h>
#include <stdio.h>

#define KEY_1 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define KEY_2 "2122232425262728292a2b2c2d2e2f303132333435363738393A3B3C3D3E3F40"
#define KEY_3 "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

enum { STATE = 200 };

static uint64_t now_ms;

static uint64_t
played(void)
{
	return now_ms;
}

static void
at(int64_t seconds)
{
	now_ms = (uint64_t)seconds * 1000;
}

static const struct ticket_schedule hourly = {3600, 2 * 3600};

static struct ticket_secrets *
secrets(const struct ticket_schedule *s, const char *file)
{
	struct ticket_fault fault;
	struct ticket_secrets *made =
	    ticket_secrets_read(s, slice_str(file), &fault);

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	return made;
}

/* The secrets' reference goes to the tickets. */
static struct tickets *
tickets_of(struct ticket_secrets *s, const char *binding)
{
	struct tickets *t;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	t = tickets_new(s, slice_str(binding), played);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	ticket_secrets_unref(s);
	return t;
}

static struct tickets *
node(const struct ticket_schedule *s, const char *file)
{
	return tickets_of(secrets(s, file), "policy");
}

/* What a client holds. */
struct held {
	struct ticket ticket;
	unsigned char state[STATE + TICKET_EXTRA];
};

static unsigned char
expected(size_t i)
{
	return (unsigned char)(i * 7);
}

static struct held
seal_again(struct tickets *t, const struct lineage *from)
{
	static unsigned serial;
	struct held h = {0};

	serial++;
	memcpy(h.ticket.nonce, &serial, sizeof serial);
	for (size_t i = 0; i < STATE; i++)
		h.state[i] = expected(i);
	CU_ASSERT_EQUAL(tickets_seal(t, from, &h.ticket, h.state, STATE),
			ERR_OK);
	for (size_t i = 0; i < STATE; i += 40)
		CU_ASSERT_FALSE(h.state[i] == expected(i) &&
				h.state[i + 1] == expected(i + 1) &&
				h.state[i + 2] == expected(i + 2));
	return h;
}

static struct held
seal(struct tickets *t)
{
	return seal_again(t, &(struct lineage){0, 0});
}

static enum err
open_as(struct tickets *t, struct held h, struct lineage *from)
{
	enum err e =
	    tickets_open(t, &h.ticket, h.state, STATE + TICKET_EXTRA, from);

	for (size_t i = 0; e == ERR_OK && i < STATE; i++)
		CU_ASSERT_EQUAL(h.state[i], expected(i));
	return e;
}

static enum err
opens(struct tickets *t, struct held h)
{
	struct lineage from;

	return open_as(t, h, &from);
}

static const struct {
	const char *shows, *file;
	enum err cause;
	const char *text;
} files[] = {
    {"one line", KEY_1 "\n", ERR_OK, ""},
    {"no newline at the end", KEY_1, ERR_OK, ""},
    {"several lines, comments, CRLF, blanks",
     "# made on Monday\r\n\r\n" KEY_1 "\r\n\t" KEY_2 " \n  # old\n" KEY_3
     "\n\n",
     ERR_OK, ""},
    {"an empty file", "", ERR_MISSING,
     "there is no secret in it (openssl rand -hex 32 makes one)"},
    {"comments only", "# nothing\n\n", ERR_MISSING,
     "there is no secret in it (openssl rand -hex 32 makes one)"},
    {"one digit too few",
     "#\n" KEY_2 "\n123456789012345678901234567890123456"
     "789012345678901234567890123\n",
     ERR_SYNTAX,
     "line 3 has 63 characters: a secret has 64 hexadecimal digits (openssl "
     "rand -hex 32 makes one)"},
    {"a comment behind the digits", KEY_1 " # mine\n", ERR_SYNTAX,
     "line 1 has 71 characters: a secret has 64 hexadecimal digits (openssl "
     "rand -hex 32 makes one)"},
    {"base64", "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=\n", ERR_SYNTAX,
     "line 1 has 44 characters: a secret has 64 hexadecimal digits (openssl "
     "rand -hex 32 makes one)"},
    {"a letter that is none",
     "010203040506070g090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\n",
     ERR_SYNTAX, "character 16 of line 1 is no hexadecimal digit"},
    {"the same twice, in other letters",
     KEY_2 "\n" KEY_1 "\n"
	   "2122232425262728292A2b2c2d2e2f303132333435363738393a3b3c3d3e3f40",
     ERR_DUPLICATE, "line 3 is the same as line 1"},
    {"zeros",
     "0000000000000000000000000000000000000000000000000000000000000000\n",
     ERR_RANGE,
     "line 1 has the same digit 64 times, which is no secret (openssl rand "
     "-hex 32 makes one)"},
};

static void
reads_files(void)
{
	struct ticket_fault fault;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct ticket_secrets *s = ticket_secrets_read(
		    &hourly, slice_str(files[i].file), &fault);

		SHOWS(files[i].shows, (s != NULL) == (fault.cause == ERR_OK));
		SHOWS(files[i].shows, fault.cause == files[i].cause);
		SHOWS(files[i].shows, strcmp(fault.text, files[i].text) == 0);
		ticket_secrets_unref(s);
	}
}

static void
bounds_files(void)
{
	static char file[TICKET_FILE_MAX + 2];
	struct ticket_fault fault;
	size_t n = 0;

	for (int i = 0; i < TICKET_SECRETS_MAX; i++)
		n += (size_t)snprintf(file + n, sizeof file - n, "%062d%02x\n",
				      7, i);
	ticket_secrets_unref(secrets(&hourly, file));
	(void)snprintf(file + n, sizeof file - n, "%s\n", KEY_3);
	CU_ASSERT_PTR_NULL(
	    ticket_secrets_read(&hourly, slice_str(file), &fault));
	CU_ASSERT_EQUAL(fault.cause, ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(fault.text,
			       "line 9 is one secret too many: 8 at most");
	memset(file, '\n', sizeof file);
	CU_ASSERT_PTR_NULL(ticket_secrets_read(
	    &hourly, slice_of(file, TICKET_FILE_MAX + 1), &fault));
	CU_ASSERT_STRING_EQUAL(fault.text, "more than 65536 bytes");
}

/* Whatever the file has, a fault says nothing of it. */
static void
tells_nothing(struct slice in)
{
	struct ticket_fault fault;
	struct ticket_secrets *s = ticket_secrets_read(&hourly, in, &fault);

	CU_ASSERT_EQUAL(s == NULL, fault.text[0] != '\0');
	for (const char *p = fault.text; *p; p++)
		CU_ASSERT_TRUE(*p >= ' ' && *p < 127);
	for (size_t i = 0; i + 4 < strlen(fault.text); i++)
		CU_ASSERT_PTR_NULL(memmem(KEY_1 KEY_3, sizeof KEY_1 KEY_3 - 1,
					  fault.text + i, 4));
	ticket_secrets_unref(s);
}

static void
keeps_files_to_itself(void)
{
	each_damage(SLICE("#\n" KEY_1 "\n" KEY_3), tells_nothing);
}

static void
bounds_schedules(void)
{
	static const struct {
		const char *shows;
		struct ticket_schedule schedule;
		const char *text;
	} rows[] = {
	    {"the default", {12 * 3600, 24 * 3600}, ""},
	    {"the shortest", {1, 1}, ""},
	    {"keys for longer than tickets", {7 * 86400, 60}, ""},
	    {"a week", {12 * 3600, 7 * 86400}, ""},
	    {"no rotation",
	     {0, 3600},
	     "ticket keys must hold for 1 s or longer"},
	    {"no lifetime",
	     {3600, 0},
	     "tickets must live for 1 s to 7 days (RFC 8446 section 4.6.1)"},
	    {"more than a week",
	     {3600 * 12, 7 * 86400 + 1},
	     "tickets must live for 1 s to 7 days (RFC 8446 section 4.6.1)"},
	    {"32 rotations", {100, 3200}, ""},
	    {"more than 32 rotations",
	     {100, 3201},
	     "tickets must not live for more than 32 rotations of their keys"},
	};
	struct ticket_fault fault;

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum err e;

		fault.text[0] = '\0';
		e = ticket_schedule_check(&rows[i].schedule, &fault);
		SHOWS(rows[i].shows,
		      (e == ERR_OK) == (rows[i].text[0] == '\0'));
		SHOWS(rows[i].shows, strcmp(fault.text, rows[i].text) == 0);
	}
	CU_ASSERT_EQUAL(ticket_schedule_check(&TICKET_SCHEDULE, &fault),
			ERR_OK);
}

/* HKDF-SHA-256 as another implementation computes it. */
static void
has_known_keys(void)
{
	static const unsigned char name[TICKET_NAME] = {
	    0x74, 0xab, 0x4e, 0x00, 0x45, 0x24, 0x82, 0x01,
	    0xde, 0xc1, 0x75, 0xc0, 0xb7, 0x02, 0x7e, 0x45};
	struct tickets *t = node(&hourly, KEY_1);
	struct held h;

	at(1795305600);
	h = seal(t);
	CU_ASSERT_EQUAL(memcmp(h.ticket.name, name, sizeof name), 0);
	at(1795305600 - 1);
	h = seal(t);
	CU_ASSERT_NOT_EQUAL(memcmp(h.ticket.name, name, sizeof name), 0);
	tickets_free(t);
}

static void
opens_at_another_node(void)
{
	struct tickets *a = node(&hourly, KEY_1), *b = node(&hourly, KEY_1);
	struct held h;

	at(1795305600);
	h = seal(a);
	CU_ASSERT_EQUAL(opens(a, h), ERR_OK);
	CU_ASSERT_EQUAL(opens(b, h), ERR_OK);
	tickets_free(a);
	CU_ASSERT_EQUAL(opens(b, seal(b)), ERR_OK);
	CU_ASSERT_EQUAL(opens(b, h), ERR_OK);
	tickets_free(b);
}

static void
refuses_others(void)
{
	static const struct ticket_schedule slower = {7200, 7200};
	struct tickets *mine = node(&hourly, KEY_1);
	struct tickets *others[] = {
	    tickets_of(secrets(&hourly, KEY_1), "polici"),
	    tickets_of(secrets(&hourly, KEY_1), ""),
	    node(&hourly, KEY_2),
	    node(&slower, KEY_1),
	    tickets_of(ticket_secrets_random(&hourly, NULL), "policy"),
	    tickets_of(ticket_secrets_random(&hourly, NULL), "policy"),
	};
	struct held h;

	at(1795305600);
	h = seal(mine);
	for (size_t i = 0; i < COUNT(others); i++) {
		CU_ASSERT_EQUAL(opens(others[i], h), ERR_UNKNOWN);
		CU_ASSERT_EQUAL(opens(others[i], seal(others[i])), ERR_OK);
		for (size_t k = 0; k < i; k++)
			CU_ASSERT_EQUAL(opens(others[k], seal(others[i])),
					ERR_UNKNOWN);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		tickets_free(others[i]);
	tickets_free(mine);
}

static void
refuses_damage(void)
{
	struct tickets *t = node(&hourly, KEY_1);
	struct lineage from = {-1, 77};
	struct held h, bad;

	at(1795305600);
	h = seal(t);
	for (size_t i = 0; i < sizeof h; i++) {
		bad = h;
		((unsigned char *)&bad)[i] ^= 0x10;
		CU_ASSERT_EQUAL(open_as(t, bad, &from),
				i < TICKET_NAME ? ERR_UNKNOWN : ERR_SYNTAX);
	}
	for (size_t n = 0; n < STATE + TICKET_EXTRA; n++) {
		bad = h;
		CU_ASSERT_EQUAL(
		    tickets_open(t, &bad.ticket, bad.state, n, &from),
		    ERR_SYNTAX);
	}
	/* Nothing is known of a ticket that did not open. */
	CU_ASSERT_EQUAL(from.born_s, -1);
	CU_ASSERT_EQUAL(from.resumptions, 77);
	tickets_free(t);
}

/* One that holds nothing but our own part is still no state. */
static void
survives_any_length(void)
{
	struct tickets *t = node(&hourly, KEY_1);
	unsigned char state[TICKET_EXTRA] = {0};
	struct ticket k = {.nonce = "n"};
	struct lineage from = {0, 0};

	at(1795305600);
	CU_ASSERT_EQUAL(tickets_seal(t, &from, &k, state, 0), ERR_OK);
	CU_ASSERT_EQUAL(tickets_open(t, &k, state, TICKET_EXTRA, &from),
			ERR_OK);
	CU_ASSERT_EQUAL(tickets_seal(t, &from, &k, state, UINT16_MAX + 1),
			ERR_INTERNAL);
	CU_ASSERT_EQUAL(tickets_open(t, &k, state, UINT16_MAX + 1, &from),
			ERR_SYNTAX);
	tickets_free(t);
}

static void
rotates(void)
{
	/* Lives for one and a half rotations. */
	static const struct ticket_schedule s = {100, 150};
	struct tickets *a = node(&s, KEY_1), *b = node(&s, KEY_1);
	struct held early, late;

	at(1000);
	early = seal(a);
	at(1099);
	late = seal(a);
	CU_ASSERT_EQUAL(memcmp(early.ticket.name, late.ticket.name,
			       sizeof late.ticket.name),
			0);
	at(1100);
	CU_ASSERT_NOT_EQUAL(memcmp(seal(a).ticket.name, late.ticket.name,
				   sizeof late.ticket.name),
			    0);
	for (int64_t t = 1100; t <= 1150; t++) {
		at(t);
		CU_ASSERT_EQUAL(opens(a, early), ERR_OK);
		CU_ASSERT_EQUAL(opens(b, early), ERR_OK);
	}
	/* Too old, although its key still opens others. */
	at(1151);
	CU_ASSERT_EQUAL(opens(a, early), ERR_EXPIRED);
	CU_ASSERT_EQUAL(opens(b, early), ERR_EXPIRED);
	CU_ASSERT_EQUAL(opens(b, late), ERR_OK);
	at(1249);
	CU_ASSERT_EQUAL(opens(a, late), ERR_OK);
	at(1250);
	CU_ASSERT_EQUAL(opens(a, late), ERR_EXPIRED);
	CU_ASSERT_EQUAL(opens(b, late), ERR_EXPIRED);
	at(1299);
	CU_ASSERT_EQUAL(opens(a, late), ERR_EXPIRED);
	at(1300);
	CU_ASSERT_EQUAL(opens(a, late), ERR_UNKNOWN);
	CU_ASSERT_EQUAL(opens(b, late), ERR_UNKNOWN);
	tickets_free(a);
	tickets_free(b);
}

/* Clocks differ: two nodes at the edge of a generation. */
static void
forgives_clocks(void)
{
	struct tickets *ahead = node(&hourly, KEY_1),
		       *behind = node(&hourly, KEY_1);
	struct held h;

	at(7200);
	h = seal(ahead);
	at(7199);
	CU_ASSERT_EQUAL(opens(behind, h), ERR_OK);
	at(3600);
	CU_ASSERT_EQUAL(opens(behind, h), ERR_OK);
	at(3599);
	CU_ASSERT_EQUAL(opens(behind, h), ERR_UNKNOWN);
	tickets_free(ahead);
	tickets_free(behind);
}

/* The secret of two nodes is changed, one node after the other. */
static void
changes_secrets(void)
{
	struct tickets *before = node(&hourly, KEY_1),
		       *ready = node(&hourly, KEY_1 "\n" KEY_2),
		       *changed = node(&hourly, KEY_2 "\n" KEY_1),
		       *after = node(&hourly, KEY_2);
	struct held old, new;

	at(1795305600);
	old = seal(before);
	new = seal(changed);
	/* 1: the new one is added behind, everywhere. */
	CU_ASSERT_EQUAL(opens(ready, old), ERR_OK);
	CU_ASSERT_EQUAL(opens(before, seal(ready)), ERR_OK);
	/* 2: the new one is put on top, everywhere. */
	CU_ASSERT_EQUAL(opens(changed, old), ERR_OK);
	CU_ASSERT_EQUAL(opens(ready, new), ERR_OK);
	/* 3: when all old tickets have ended, the old one goes. */
	CU_ASSERT_EQUAL(opens(after, new), ERR_OK);
	CU_ASSERT_EQUAL(opens(after, old), ERR_UNKNOWN);
	CU_ASSERT_EQUAL(opens(before, new), ERR_UNKNOWN);
	tickets_free(before);
	tickets_free(ready);
	tickets_free(changed);
	tickets_free(after);
}

/* A session that is resumed again and again stays as old as it is. */
static void
counts_from_the_first(void)
{
	struct tickets *t = node(&hourly, KEY_1);
	struct lineage from;
	struct held h;

	at(100000);
	h = seal(t);
	for (int i = 1; i <= 12; i++) {
		at(100000 + i * 600);
		CU_ASSERT_EQUAL_FATAL(open_as(t, h, &from), ERR_OK);
		CU_ASSERT_EQUAL(from.born_s, 100000);
		CU_ASSERT_EQUAL(from.resumptions, i);
		h = seal_again(t, &from);
	}
	at(100000 + 7200 + 1);
	CU_ASSERT_EQUAL(open_as(t, h, &from), ERR_EXPIRED);
	tickets_free(t);
}

static void
ends_lineages(void)
{
	struct tickets *t = node(&hourly, KEY_1);
	struct lineage from;
	struct held h;
	int n = 0;

	at(100000);
	for (h = seal(t); open_as(t, h, &from) == ERR_OK && n < 1000; n++)
		h = seal_again(t, &from);
	CU_ASSERT_EQUAL(n, 100);
	CU_ASSERT_EQUAL(open_as(t, h, &from), ERR_EXPIRED);
	tickets_free(t);
}

static void
keeps_random_secrets(void)
{
	static const struct ticket_schedule other = {3600, 3600},
					    third = {1800, 7200};
	struct ticket_secrets *a = ticket_secrets_random(&hourly, NULL);
	struct ticket_secrets *file = secrets(&hourly, KEY_1);
	struct ticket_secrets *made[] = {
	    ticket_secrets_random(&hourly, a),
	    ticket_secrets_random(&other, a),
	    ticket_secrets_random(&third, a),
	    ticket_secrets_random(&hourly, file),
	};

	CU_ASSERT_PTR_EQUAL(made[0], a);
	for (size_t i = 0; i < COUNT(made); i++) {
		CU_ASSERT_PTR_NOT_NULL(made[i]);
		CU_ASSERT_EQUAL(made[i] == a, i == 0);
		CU_ASSERT_PTR_NOT_EQUAL(made[i], file);
		ticket_secrets_unref(made[i]);
	}
	ticket_secrets_unref(a);
	ticket_secrets_unref(file);
	ticket_secrets_unref(NULL);
	tickets_free(NULL);
}

/* What a random secret sealed is lost once it may not open any more. */
static void
forgets(void)
{
	struct ticket_secrets *s = ticket_secrets_random(&hourly, NULL);
	unsigned char seed[TICKET_SECRET];
	struct tickets *a, *b, *fixed = node(&hourly, KEY_1);
	struct held h, of_file;

	a = tickets_of(ticket_secrets_ref(s), "policy");
	b = tickets_of(s, "policy");
	at(100 * 3600);
	h = seal(a);
	of_file = seal(fixed);
	at(102 * 3600);
	CU_ASSERT_EQUAL(opens(a, h), ERR_OK);
	CU_ASSERT_TRUE(ticket_seed(s, 0, 100, seed));
	CU_ASSERT_TRUE(ticket_seed(s, 0, 103, seed));
	CU_ASSERT_FALSE(ticket_seed(s, 0, 104, seed));
	at(103 * 3600);
	CU_ASSERT_EQUAL(opens(a, h), ERR_UNKNOWN);
	CU_ASSERT_FALSE(ticket_seed(s, 0, 100, seed));
	CU_ASSERT_TRUE(ticket_seed(s, 0, 101, seed));
	/* Not even if the clock is set back. */
	at(100 * 3600);
	CU_ASSERT_EQUAL(opens(a, h), ERR_UNKNOWN);
	CU_ASSERT_EQUAL(opens(b, h), ERR_UNKNOWN);
	CU_ASSERT_EQUAL(opens(b, seal(a)), ERR_OK);
	CU_ASSERT_EQUAL(opens(fixed, of_file), ERR_OK);
	wipe(seed, sizeof seed);
	tickets_free(a);
	tickets_free(b);
	tickets_free(fixed);
}

/* A clock that was a year ahead at the start, as without a battery. */
static void
rotates_after_jumps(void)
{
	struct tickets *t =
	    tickets_of(ticket_secrets_random(&hourly, NULL), "policy");
	struct held before, h;

	at(10000 * 3600);
	before = seal(t);
	CU_ASSERT_EQUAL(opens(t, before), ERR_OK);
	at(100 * 3600);
	CU_ASSERT_NOT_EQUAL(opens(t, before), ERR_OK);
	h = seal(t);
	CU_ASSERT_EQUAL(opens(t, h), ERR_OK);
	at(101 * 3600);
	CU_ASSERT_NOT_EQUAL(
	    memcmp(h.ticket.name, seal(t).ticket.name, TICKET_NAME), 0);
	CU_ASSERT_EQUAL(opens(t, h), ERR_OK);
	at(103 * 3600);
	CU_ASSERT_EQUAL(opens(t, h), ERR_UNKNOWN);
	/* Nor is it opened when that hour comes once more. */
	at(10000 * 3600);
	CU_ASSERT_EQUAL(opens(t, before), ERR_UNKNOWN);
	tickets_free(t);
}

/* Who says that it was born tomorrow would live for longer than the others. */
static void
refuses_the_unborn(void)
{
	struct tickets *t = node(&hourly, KEY_1);
	struct held h;

	at(100000);
	h = seal_again(t, &(struct lineage){100000 + 3600, 1});
	CU_ASSERT_EQUAL(opens(t, h), ERR_OK); /* clocks differ */
	h = seal_again(t, &(struct lineage){100000 + 3601, 1});
	CU_ASSERT_EQUAL(opens(t, h), ERR_EXPIRED);
	tickets_free(t);
}

static void
survives_clocks(void)
{
	static const int64_t times[] = {1795305600, 1795309200,      0,
					1,          4000000000,      1795305600,
					3599,       INT64_MAX / 2000};
	struct tickets *t[] = {
	    node(&hourly, KEY_1 "\n" KEY_2),
	    tickets_of(ticket_secrets_random(&hourly, NULL), "policy"),
	};

	for (size_t i = 0; i < COUNT(times); i++)
		for (size_t k = 0; k < COUNT(t); k++) {
			at(times[i]);
			CU_ASSERT_EQUAL(opens(t[k], seal(t[k])), ERR_OK);
		}
	for (size_t k = 0; k < COUNT(t); k++)
		tickets_free(t[k]);
}

/* Of KEY_1, "policy" and the hour that begins at 1795305600. */
static const unsigned char masked_secret[TICKET_SECRET] = {
#define M(n) (n) ^ MEMORY_MASK
    M(1),  M(2),  M(3),  M(4),  M(5),  M(6),  M(7),  M(8),  M(9),  M(10), M(11),
    M(12), M(13), M(14), M(15), M(16), M(17), M(18), M(19), M(20), M(21), M(22),
    M(23), M(24), M(25), M(26), M(27), M(28), M(29), M(30), M(31), M(32)};
static const unsigned char masked_seed[TICKET_SECRET] = {
    M(0x21), M(0x61), M(0x7b), M(0x2e), M(0xb6), M(0x69), M(0xde), M(0xf6),
    M(0x11), M(0xcc), M(0xf2), M(0x1d), M(0x9e), M(0x64), M(0x5f), M(0xc3),
    M(0x2c), M(0x17), M(0x5b), M(0x5f), M(0xea), M(0xbc), M(0x62), M(0x8f),
    M(0xe5), M(0xd1), M(0xf5), M(0x09), M(0x71), M(0xad), M(0xc8), M(0x79)};
static const unsigned char masked_key[TICKET_KEY] = {
    M(0x23), M(0x02), M(0x02), M(0xfa), M(0x01), M(0x68), M(0x05), M(0x6b),
    M(0xfc), M(0x8b), M(0x42), M(0x48), M(0x53), M(0x21), M(0xd7), M(0x4a),
    M(0x87), M(0x62), M(0xfa), M(0xda), M(0x55), M(0xcf), M(0x71), M(0x06),
    M(0xad), M(0xd9), M(0xc3), M(0xa8), M(0x52), M(0x9d), M(0x94), M(0x51)};
#undef M

static void
leaves_nothing(void)
{
	struct tickets *t = node(&hourly, KEY_1);
	struct held h;

	at(1795305600);
	h = seal(t);
	CU_ASSERT_EQUAL(opens(t, h), ERR_OK);
	CU_ASSERT_EQUAL(memory_count(masked_secret, TICKET_SECRET), 1);
	CU_ASSERT_EQUAL(memory_count(masked_seed, TICKET_SECRET), 0);
	CU_ASSERT_EQUAL(memory_count(masked_key, TICKET_KEY), 1);
	/* A key that opens nothing goes, though nobody asks for its place. */
	at(1795305600 + 4 * 3600);
	(void)seal(t);
	CU_ASSERT_EQUAL(memory_count(masked_key, TICKET_KEY), 0);
	at(1795305600);
	h = seal(t);
	CU_ASSERT_EQUAL(memory_count(masked_key, TICKET_KEY), 1);
	tickets_free(t);
	CU_ASSERT_EQUAL(memory_count(masked_secret, TICKET_SECRET), 0);
	CU_ASSERT_EQUAL(memory_count(masked_key, TICKET_KEY), 0);
}

enum { THREADS = 4, ROUNDS = 400 };

struct party {
	struct tickets *t;
	unsigned number, opened;
};

/* All share the clock too: it is not played meanwhile. */
static void *
take_part(void *arg)
{
	struct party *p = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct held h = {.ticket.nonce = {0}};
		struct lineage from = {0, 0};
		unsigned serial = p->number * ROUNDS + i;

		memcpy(h.ticket.nonce, &serial, sizeof serial);
		if (tickets_seal(p->t, &from, &h.ticket, h.state, STATE) ==
			ERR_OK &&
		    tickets_open(p->t, &h.ticket, h.state, sizeof h.state,
				 &from) == ERR_OK)
			p->opened++;
	}
	return NULL;
}

static void
is_shared_by_threads(void)
{
	struct ticket_secrets *s = ticket_secrets_random(&hourly, NULL);
	struct tickets *t = tickets_of(s, "policy");
	struct party parties[THREADS];
	pthread_t threads[THREADS];

	at(1795305600);
	for (unsigned i = 0; i < THREADS; i++) {
		parties[i] = (struct party){t, i, 0};
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, take_part, &parties[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
		CU_ASSERT_EQUAL(parties[i].opened, ROUNDS);
	}
	tickets_free(t);
}

static const enum tls_version versions[] = {TLS_VERSION_12, TLS_VERSION_13};

/* Hours as in `hourly`. */
static struct stand *
gate(const char *file, enum tls_version minimum)
{
	struct shelf_builder *b;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	shelves_add(b, CERTS_EC);
	CU_ASSERT_EQUAL(shelf_add_file(b, "/secret", slice_str(file)), ERR_OK);
	return stand_make(&(struct stand_wish){
	    .shelf = shelves_end(b),
	    .yaml = "tls:\n  ticket_rotation: 1h\n  ticket_lifetime: 2h\n"
		    "  ticket_secret: /secret\n",
	    .policy = minimum == TLS_VERSION_13 ? 0 : 1,
	    .wall_ms = played});
}

static bool
resumes(struct tls_visit *v, struct stand *at_gate)
{
	v->stand = at_gate;
	CU_ASSERT_TRUE(tls_visit(v));
	return v->resumed;
}

static void
resumes_at_another_gate(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct stand *a = gate(KEY_1, TLS_VERSION_12),
			     *b = gate(KEY_1, TLS_VERSION_12),
			     *foreign = gate(KEY_2, TLS_VERSION_12),
			     *strict = gate(KEY_1, TLS_VERSION_13);
		struct tls_visit v = {.version = versions[i]};

		at(1795305600);
		CU_ASSERT_FALSE(resumes(&v, a));
		CU_ASSERT_TRUE(resumes(&v, a));
		stand_free(a);
		CU_ASSERT_TRUE(resumes(&v, b));
		if (versions[i] == TLS_VERSION_13)
			CU_ASSERT_FALSE(resumes(&v, strict));
		CU_ASSERT_FALSE(resumes(&v, foreign));
		CU_ASSERT_FALSE(resumes(&v, b));
		CU_ASSERT_TRUE(resumes(&v, b));
		tls_session_free(v.session);
		stand_free(b);
		stand_free(foreign);
		stand_free(strict);
	}
}

static void
resumes_for_its_lifetime(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct stand *s = gate(KEY_1, TLS_VERSION_12);
		struct tls_visit v = {.version = versions[i]};

		at(360000);
		CU_ASSERT_FALSE(resumes(&v, s));
		at(360000 + 7200);
		CU_ASSERT_TRUE(resumes(&v, s));
		at(360000 + 7201);
		CU_ASSERT_FALSE(resumes(&v, s));
		CU_ASSERT_TRUE(resumes(&v, s));
		tls_session_free(v.session);
		stand_free(s);
	}
}

/* What is recorded must not be readable by whoever finds the ticket's key. */
static void
needs_fresh_keys(void)
{
	struct stand *s = gate(KEY_1, TLS_VERSION_12);
	struct tls_visit v = {.version = TLS_VERSION_13};

	at(360000);
	CU_ASSERT_FALSE(resumes(&v, s));
	v.prepare = tls_client_no_fresh_keys;
	CU_ASSERT_FALSE(resumes(&v, s));
	v.prepare = NULL;
	CU_ASSERT_TRUE(resumes(&v, s));
	tls_session_free(v.session);
	stand_free(s);
}

void
suite_tickets(void)
{
	CU_pSuite suite = CU_add_suite("tickets", NULL, NULL);

	CU_add_test(suite, "files of secrets, good and bad", reads_files);
	CU_add_test(suite, "files of secrets have bounds", bounds_files);
	CU_add_test(suite, "a fault says nothing of the secret",
		    keeps_files_to_itself);
	CU_add_test(suite, "schedules have bounds", bounds_schedules);
	CU_add_test(suite, "keys are what RFC 5869 makes of the secret",
		    has_known_keys);
	CU_add_test(suite, "what one node seals, another opens",
		    opens_at_another_node);
	CU_add_test(suite, "another policy, secret or rotation opens nothing",
		    refuses_others);
	CU_add_test(suite, "altered and cut tickets do not open",
		    refuses_damage);
	CU_add_test(suite, "tickets of any length do no harm",
		    survives_any_length);
	CU_add_test(suite, "keys rotate, tickets live for their time", rotates);
	CU_add_test(suite, "the next generation opens, for clocks that differ",
		    forgives_clocks);
	CU_add_test(suite, "secrets are changed node by node without a loss",
		    changes_secrets);
	CU_add_test(suite, "a resumed session is as old as its first handshake",
		    counts_from_the_first);
	CU_add_test(suite, "a hundred resumptions end a lineage",
		    ends_lineages);
	CU_add_test(suite, "a reload keeps a random secret",
		    keeps_random_secrets);
	CU_add_test(suite, "a random secret forgets what it sealed", forgets);
	CU_add_test(suite, "keys rotate after a clock was set back, too",
		    rotates_after_jumps);
	CU_add_test(suite, "sessions of the future are none",
		    refuses_the_unborn);
	CU_add_test(suite, "clocks may jump", survives_clocks);
	CU_add_test(suite, "freed secrets and keys stand nowhere in memory",
		    leaves_nothing);
	CU_add_test(suite, "threads share one set of keys",
		    is_shared_by_threads);
	CU_add_test(suite, "sessions are resumed at another gate, TLS 1.2, 1.3",
		    resumes_at_another_gate);
	CU_add_test(suite, "sessions are resumed for their lifetime",
		    resumes_for_its_lifetime);
	CU_add_test(suite, "a ticket is no substitute for a key exchange",
		    needs_fresh_keys);
}
