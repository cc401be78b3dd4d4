/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_command.c - any bytes as a client's command before login.
 *
 * What LOGIN decoded must survive being written for a backend and read again;
 * what was refused must not have been told.
 */
#include "imap/command.h"
#include "imap/sasl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static unsigned char *
memory(size_t n)
{
	unsigned char *mem = calloc(1, n > 0 ? n : 1);

	REQUIRE(mem);
	return mem;
}

/* Quoted or as a literal, as the session would. */
static size_t
write_string(struct slice s, unsigned char *out)
{
	int head;

	if (string_fits_quoted(s))
		return string_quote(s, out);
	head = snprintf((char *)out, 16, "{%zu}\r\n", s.len);
	memcpy(out + head, s.ptr, s.len);
	return (size_t)head + s.len;
}

static void
reread(struct slice user, struct slice password)
{
	unsigned char *args = memory(2 * (user.len + password.len) + 40), *mem;
	struct slice u, p;
	size_t n = write_string(user, args);

	args[n++] = ' ';
	n += write_string(password, args + n);
	mem = memory(n);
	REQUIRE(command_login(slice_of(args, n), mem, &u, &p) == ERR_OK);
	REQUIRE(slice_eq(u, user) && slice_eq(p, password));
	free(mem);
	free(args);
}

struct seen {
	struct slice mem;
	size_t pairs;
};

static bool
within(struct slice part, struct slice whole)
{
	return part.ptr >= whole.ptr &&
	       part.ptr + part.len <= whole.ptr + whole.len;
}

static void
see(void *arg, struct slice key, struct slice value)
{
	struct seen *s = arg;

	REQUIRE(within(key, s->mem) && key.len <= ID_KEY_MAX);
	REQUIRE(!value.ptr || within(value, s->mem));
	REQUIRE(value.len <= ID_VALUE_MAX && ++s->pairs <= ID_PAIRS_MAX);
}

static void
try_args(struct slice args)
{
	unsigned char *mem = memory(args.len);
	struct seen seen = {slice_of(mem, args.len), 0};
	struct slice user, password;
	struct authenticate a;

	if (command_login(args, mem, &user, &password) == ERR_OK) {
		REQUIRE(within(user, seen.mem) && within(password, seen.mem));
		REQUIRE(credential_valid(user) && credential_valid(password));
		reread(user, password);
	}
	if (command_id(args, mem, see, &seen) != ERR_OK)
		REQUIRE(seen.pairs == 0);
	if (command_authenticate(args, &a) == ERR_OK)
		REQUIRE(a.mechanism.len >= 1 && a.mechanism.len <= 20 &&
			(a.has_initial || a.initial.len == 0));
	free(mem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct command c;
	enum err e = command_parse(in, &c);

	REQUIRE(c.tag.len == 0 || tag_valid(c.tag));
	REQUIRE(e == ERR_OK || (c.verb == VERB_OTHER && c.args.len == 0));
	if (e == ERR_OK)
		try_args(c.args);
	try_args(in);
	return 0;
}
