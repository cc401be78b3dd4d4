/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_transcripts.c - plays tests/session/transcripts/ (see README there),
 * each one as a whole and byte by byte.
 */
#include "world.h"

#include <CUnit/CUnit.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_transcripts(void);

enum { TEXT = 128 * 1024 };

struct play {
	struct world w;
	const char *file;
	unsigned line;
	bool begun, failed;
	char tag[32]; /* the gate's own one, "$T" in the file */
	char yaml[1024];
	char early[256]; /* what `early` said, escapes undone later */
	unsigned backends;
	size_t piece;
	char text[TEXT]; /* of the line in hand, escapes undone */
};

static void
fail(struct play *p, const char *what, struct slice got)
{
	if (!p->failed)
		(void)fprintf(stderr, "%s:%u (piece %zu): %s; got \"%.*s\"\n%s",
			      p->file, p->line, p->piece, what, (int)got.len,
			      (const char *)got.ptr,
			      p->w.events.len ? (char *)p->w.events.bytes : "");
	p->failed = true;
}

static size_t
escape(const char *from, char *to)
{
	static const char *const pairs = "r\rn\n\\\\$$";
	const char *p = strchr(pairs, from[1]);
	unsigned byte = 0;

	if (from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1) {
		*to = (char)byte;
		return 4;
	}
	*to = p && from[1] ? p[1] : '?';
	return 2;
}

/*
 * \r \n \\ \$ \xNN; $T is the gate's tag; $<n>c is n times the byte c.
 */
static struct slice
unescape(struct play *p, const char *from)
{
	size_t n = 0, count;
	int used;
	char c;

	while (*from) {
		if (*from == '\\') {
			from += escape(from, p->text + n++);
		} else if (from[0] == '$' && from[1] == 'T') {
			memcpy(p->text + n, p->tag, strlen(p->tag));
			n += strlen(p->tag);
			from += 2;
		} else if (sscanf(from, "$<%zu>%c%n", &count, &c, &used) == 2) {
			memset(p->text + n, c, count);
			n += count;
			from += used;
		} else {
			p->text[n++] = *from++;
		}
	}
	return slice_of(p->text, n);
}

static struct slice
with_crlf(struct play *p, const char *arg)
{
	struct slice s = unescape(p, arg);

	memcpy(p->text + s.len, "\r\n", 2);
	return slice_of(p->text, s.len + 2);
}

static void
begin(struct play *p, enum door door)
{
	world_begin_early(&p->w, door, p->piece, p->yaml[0] ? p->yaml : NULL,
			  p->backends ? p->backends : 1, unescape(p, p->early));
	p->begun = true;
}

/* The next line seen must be `arg`; "..." at its end stands for anything. */
static void
expect_line(struct play *p, struct world_text *t, const char *arg)
{
	struct slice seen = world_seen(t), line, want;
	size_t n = slice_find(seen, '\n');

	if (n == seen.len) {
		fail(p, "no line came", seen);
		return;
	}
	line = slice_head(seen, n > 0 ? n - 1 : 0);
	/* The gate's tags begin with W; X when it asks for a list. */
	if (t == &p->w.to_backend && line.len > 0 &&
	    (line.ptr[0] == 'W' || line.ptr[0] == 'X') &&
	    slice_find(line, ' ') < sizeof p->tag) {
		size_t k = slice_find(line, ' ');

		memcpy(p->tag, line.ptr, k);
		p->tag[k] = '\0';
	}
	want = unescape(p, arg);
	if (want.len >= 3 && slice_iends(want, SLICE("...")))
		line = slice_head(line, want.len -= 3);
	if (!slice_eq(line, want) || n == 0 || seen.ptr[n - 1] != '\r')
		fail(p, arg, slice_head(seen, n));
	world_forget(t, n + 1);
}

static void
expect_bytes(struct play *p, struct world_text *t, const char *arg)
{
	struct slice want = unescape(p, arg), seen = world_seen(t);

	if (!slice_eq(slice_head(seen, want.len), want)) {
		fail(p, arg, seen);
		return;
	}
	world_forget(t, want.len);
}

/* ---- one directive each ---- */

static void
do_listen(struct play *p, const char *arg)
{
	static const char *const doors[] = {"tls", "stranger", "raw",
					    "starttls", "plain"};

	for (enum door d = DOOR_TLS; d <= DOOR_PLAIN; d++) {
		if (strcmp(arg, doors[d]) == 0) {
			begin(p, d);
			return;
		}
	}
	fail(p, "no such door", slice_str(arg));
}

static void
do_yaml(struct play *p, const char *arg)
{
	size_t n = strlen(p->yaml);

	(void)snprintf(p->yaml + n, sizeof p->yaml - n, "%s\n", arg);
}

static void
do_early(struct play *p, const char *arg)
{
	(void)snprintf(p->early, sizeof p->early, "%s", arg);
}

static void
do_backends(struct play *p, const char *arg)
{
	p->backends = (unsigned)strtoul(arg, NULL, 10);
}

static void
do_client(struct play *p, const char *arg)
{
	world_client(&p->w, with_crlf(p, arg));
}

static void
do_client_bytes(struct play *p, const char *arg)
{
	world_client(&p->w, unescape(p, arg));
}

static void
do_client_raw(struct play *p, const char *arg)
{
	world_client_raw(&p->w, unescape(p, arg));
}

static void
do_seen(struct play *p, const char *arg)
{
	expect_line(p, &p->w.to_client, arg);
}

static void
do_seen_bytes(struct play *p, const char *arg)
{
	expect_bytes(p, &p->w.to_client, arg);
}

static void
do_backend(struct play *p, const char *arg)
{
	world_backend(&p->w, with_crlf(p, arg));
}

static void
do_backend_bytes(struct play *p, const char *arg)
{
	world_backend(&p->w, unescape(p, arg));
}

static void
do_backend_seen(struct play *p, const char *arg)
{
	expect_line(p, &p->w.to_backend, arg);
}

static void
do_backend_seen_bytes(struct play *p, const char *arg)
{
	expect_bytes(p, &p->w.to_backend, arg);
}

static void
do_connect(struct play *p, const char *arg)
{
	if (!p->w.dialing) {
		fail(p, "no connection was asked for", SLICE_EMPTY);
		return;
	}
	if (*arg && p->w.dialed != strtoul(arg, NULL, 10))
		fail(p, "another backend was asked", SLICE_EMPTY);
	world_connected(&p->w);
}

static void
do_refuse(struct play *p, const char *arg)
{
	if (!p->w.dialing)
		fail(p, "no connection was asked for", SLICE_EMPTY);
	world_lost(&p->w, SIDE_BACKEND,
		   strcmp(arg, "descriptors") == 0 ? ERR_LIMIT : ERR_REFUSED);
}

static void
do_no_connect(struct play *p, const char *arg)
{
	(void)arg;
	if (p->w.dials > 0)
		fail(p, "a backend was asked", SLICE_EMPTY);
}

static void
do_eof(struct play *p, const char *arg)
{
	if (strcmp(arg, "client") == 0)
		world_client_close(&p->w);
	else
		world_ended(&p->w, SIDE_BACKEND);
}

static void
do_fin(struct play *p, const char *arg)
{
	(void)arg;
	world_ended(&p->w, SIDE_CLIENT);
}

static void
do_reset(struct play *p, const char *arg)
{
	world_lost(&p->w,
		   strcmp(arg, "client") == 0 ? SIDE_CLIENT : SIDE_BACKEND,
		   ERR_CLOSED);
}

static void
do_wait(struct play *p, const char *arg)
{
	world_wait(&p->w, strtoull(arg, NULL, 10));
}

static void
do_drain(struct play *p, const char *arg)
{
	(void)arg;
	world_drain(&p->w);
}

static void
do_full(struct play *p, const char *arg)
{
	(void)arg;
	p->w.full = true;
}

static void
do_busy(struct play *p, const char *arg)
{
	(void)arg;
	p->w.busy = true;
}

static void
do_admit(struct play *p, const char *arg)
{
	(void)arg;
	world_admit(&p->w);
}

static void
do_starttls(struct play *p, const char *arg)
{
	(void)arg;
	world_starttls(&p->w);
}

static void
do_stall(struct play *p, const char *arg)
{
	p->w.stalled[strcmp(arg, "client") == 0 ? SIDE_CLIENT : SIDE_BACKEND] =
	    true;
}

static void
do_audit(struct play *p, const char *arg)
{
	p->w.unrecorded = strcmp(arg, "full") == 0;
}

static void
do_state(struct play *p, const char *arg)
{
	const char *now = session_state_name(&p->w.session);

	if (strcmp(now, arg) != 0)
		fail(p, arg, slice_str(now));
}

static void
do_closed(struct play *p, const char *arg)
{
	(void)arg;
	if (!p->w.done)
		fail(p, "the session goes on", world_seen(&p->w.to_client));
	if (p->w.tls && !p->w.closed_notify)
		fail(p, "no close_notify", SLICE_EMPTY);
}

/* Closed without a farewell: a handshake that failed, a peer that is gone. */
static void
do_gone(struct play *p, const char *arg)
{
	(void)arg;
	if (!p->w.done)
		fail(p, "the session goes on", world_seen(&p->w.to_client));
}

static void
do_hung_up(struct play *p, const char *arg)
{
	bool finished = p->w.finished[SIDE_BACKEND];

	if (strcmp(arg, "half") == 0 ? !finished || !p->w.open[SIDE_BACKEND]
				     : p->w.open[SIDE_BACKEND])
		fail(p, "the backend is still connected", SLICE_EMPTY);
}

static void
do_event(struct play *p, const char *arg)
{
	if (!world_holds(&p->w.events, arg))
		fail(p, "no such event", slice_str(arg));
}

static void
do_no_event(struct play *p, const char *arg)
{
	if (world_holds(&p->w.events, arg))
		fail(p, "such an event was written", slice_str(arg));
}

/* Exactly one event holds it. */
static void
do_once(struct play *p, const char *arg)
{
	const char *at = (const char *)p->w.events.bytes;
	unsigned times = 0;

	while (at && (at = strstr(at, arg)) && ++times > 0)
		at += strlen(arg);
	if (times != 1)
		fail(p, "not in exactly one event", slice_str(arg));
}

static void
do_nothing(struct play *p, const char *arg)
{
	(void)arg;
	if (p->w.to_client.len > 0)
		fail(p, "the client got more", world_seen(&p->w.to_client));
	if (p->w.to_backend.len > 0)
		fail(p, "the backend got more", world_seen(&p->w.to_backend));
}

static void
do_forget(struct play *p, const char *arg)
{
	(void)arg;
	world_forget(&p->w.to_client, p->w.to_client.len);
}

/* The usual way in, so that a transcript can begin with what it is about. */
static void
do_logged_in(struct play *p, const char *arg)
{
	begin(p, DOOR_TLS);
	expect_line(p, &p->w.to_client, "* OK [CAPABILITY ...");
	world_client(&p->w, SLICE("l LOGIN bob secret\r\n"));
	do_connect(p, "");
	world_backend(&p->w,
		      SLICE("* OK [CAPABILITY IMAP4rev1 LITERAL-] x\r\n"));
	expect_line(p, &p->w.to_backend, "W...");
	(void)snprintf(p->text, TEXT, "%s OK [CAPABILITY IMAP4rev1 %s] in\r\n",
		       p->tag, arg);
	world_backend(&p->w, slice_str(p->text));
	expect_line(p, &p->w.to_client, "l OK [CAPABILITY IMAP4rev1...");
	do_state(p, "relay");
}

static const struct {
	const char *word;
	void (*run)(struct play *p, const char *arg);
} directives[] = {
    {"C:", do_client},
    {"C-", do_client_bytes},
    {"C!", do_client_raw},
    {"S:", do_seen},
    {"S-", do_seen_bytes},
    {"b:", do_backend},
    {"b-", do_backend_bytes},
    {"B:", do_backend_seen},
    {"B-", do_backend_seen_bytes},
    {"listen", do_listen},
    {"yaml", do_yaml},
    {"backends", do_backends},
    {"early", do_early},
    {"connect", do_connect},
    {"refuse", do_refuse},
    {"no-connect", do_no_connect},
    {"eof", do_eof},
    {"fin", do_fin},
    {"reset", do_reset},
    {"wait", do_wait},
    {"drain", do_drain},
    {"starttls", do_starttls},
    {"full", do_full},
    {"busy", do_busy},
    {"admit", do_admit},
    {"stall", do_stall},
    {"audit", do_audit},
    {"state", do_state},
    {"closed", do_closed},
    {"gone", do_gone},
    {"hung-up", do_hung_up},
    {"event", do_event},
    {"no-event", do_no_event},
    {"once", do_once},
    {"forget", do_forget},
    {"nothing", do_nothing},
    {"logged-in", do_logged_in},
};

static void
obey(struct play *p, char *line)
{
	char *arg = strchr(line, ' ');

	if (arg)
		*arg++ = '\0';
	for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
		if (strcmp(line, directives[i].word) == 0) {
			directives[i].run(p, arg ? arg : "");
			return;
		}
	}
	fail(p, "no such directive", slice_str(line));
}

static bool
play_file(const char *file, size_t piece)
{
	static struct play p;
	static char line[8192];
	FILE *f = fopen(file, "r");

	memset(&p, 0, sizeof p);
	p.file = file;
	p.piece = piece;
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (!p.failed && fgets(line, sizeof line, f)) {
		p.line++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			obey(&p, line);
	}
	(void)fclose(f);
	if (!p.failed)
		do_nothing(&p, "");
	/* No transcript's password may show in an event. */
	if (!p.failed && (world_holds(&p.w.events, "secret") ||
			  world_holds(&p.w.events, "c2VjcmV0")))
		fail(&p, "a secret in an event", SLICE_EMPTY);
	if (p.begun)
		world_end(&p.w);
	return !p.failed;
}

static void
transcripts(void)
{
	static const size_t pieces[] = {0, 1, 7};
	glob_t found;

	CU_ASSERT_FATAL(
	    glob("tests/session/transcripts/*.txt", 0, NULL, &found) == 0);
	CU_ASSERT(found.gl_pathc > 10);
	for (size_t i = 0; i < found.gl_pathc; i++)
		for (size_t k = 0; k < 3; k++)
			CU_ASSERT(play_file(found.gl_pathv[i], pieces[k]));
	globfree(&found);
}

void
suite_transcripts(void)
{
	CU_pSuite suite = CU_add_suite("transcripts", NULL, NULL);

	CU_add_test(suite, "sessions go as their transcripts say", transcripts);
}
