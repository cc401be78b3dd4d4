/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_audit_log.c - the keeper's log: what waits, what is lost, and the chain
 * through all that is written.
 */
#include "daemon/backlog.h"
#include "daemon/chain_file.h"

#include "audit/proof.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void suite_audit_log(void);

static char dir[64], log_path[96], anchor_path[96], state_path[96],
    key_path[96];
static struct settings *settings;
static struct audit_log audit, unopened;
static struct backlog backlog;
static void (*old_size)(int);

static int
set_up(void)
{
	snprintf(dir, sizeof dir, "/tmp/imapward-log-XXXXXX");
	old_size = signal(SIGXFSZ, SIG_IGN);
	settings = calloc(1, sizeof *settings);
	if (!mkdtemp(dir) || !settings)
		return 1;
	snprintf(log_path, sizeof log_path, "%s/audit.jsonl", dir);
	snprintf(anchor_path, sizeof anchor_path, "%s/anchors", dir);
	snprintf(state_path, sizeof state_path, "%s/chain", dir);
	snprintf(key_path, sizeof key_path, "%s/key", dir);
	settings->audit.sink.kind = AUDIT_FILE;
	snprintf(settings->audit.sink.path, sizeof settings->audit.sink.path,
		 "%s", log_path);
	settings->audit.anchors.kind = AUDIT_FILE;
	snprintf(settings->audit.anchors.path,
		 sizeof settings->audit.anchors.path, "%s", anchor_path);
	return 0;
}

static void
forget_files(void)
{
	(void)unlink(log_path);
	(void)unlink(anchor_path);
	(void)unlink(state_path);
	(void)unlink(key_path);
}

static int
tear_down(void)
{
	signal(SIGXFSZ, old_size);
	forget_files();
	free(settings);
	return rmdir(dir);
}

static void
make_chain(void)
{
	struct chain_fault fault;
	const char *which;

	CU_ASSERT_EQUAL_FATAL(
	    chain_file_make(state_path, key_path, &which, &fault), ERR_OK);
}

static void
open_log(const char *chain)
{
	struct audit_log_fault fault;

	settings->audit.chain = chain;
	CU_ASSERT_EQUAL_FATAL(
	    audit_log_open(&audit, settings, &unopened, &fault), ERR_OK);
}

static struct slice
file(const char *path)
{
	static unsigned char mem[1024 * 1024];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, mem, sizeof mem);

	if (fd >= 0)
		close(fd);
	return slice_of(mem, n > 0 ? (size_t)n : 0);
}

static size_t
lines_in(struct slice s)
{
	size_t n = 0;

	while (s.len > 0) {
		(void)slice_cut(&s, '\n');
		n++;
	}
	return n;
}

static size_t
put(const char *text)
{
	return audit_log_put(&audit, slice_str(text), 1000);
}

#define ONE "{\"event.action\":\"login\"}\n"

/* The whole of both files, judged with the key file. */
static struct verdict
judge(struct proof **proof)
{
	struct chain_secret secret;
	struct chain_fault fault;
	struct place_in_log at = {0, 1};
	struct slice s;

	CU_ASSERT_EQUAL_FATAL(chain_file_read_key(key_path, &secret, &fault),
			      ERR_OK);
	*proof = proof_new(secret.secret, 1);
	for (s = file(log_path); s.len > 0; at.line++) {
		size_t n = slice_find(s, '\n') + 1;

		proof_line(*proof, slice_head(s, n), at);
		s = slice_skip(s, n);
	}
	for (s = file(anchor_path); s.len > 0;) {
		size_t n = slice_find(s, '\n') + 1;

		proof_anchor(*proof, slice_head(s, n), at);
		s = slice_skip(s, n);
	}
	proof_end(*proof);
	return proof_verdict(*proof);
}

/* Intact, so many records, and an anchor for the last of them. */
static void
expect_intact(uint64_t records)
{
	struct proof *p;
	struct verdict v = judge(&p);

	CU_ASSERT_EQUAL(v.count, 0);
	CU_ASSERT_EQUAL(v.records, records);
	CU_ASSERT_EQUAL(v.anchored, records);
	proof_free(p);
}

static void
test_chain_goes_on(void)
{
	make_chain();
	open_log(state_path);
	CU_ASSERT_EQUAL(put(ONE ONE), 2 * strlen(ONE));
	audit_log_close(&audit);
	audit_log_close(&audit);
	for (int i = 0; i < 5; i++) {
		open_log(state_path);
		CU_ASSERT_EQUAL(put(ONE), strlen(ONE));
		CU_ASSERT_EQUAL(audit.error, 0);
		audit_log_close(&audit);
	}
	expect_intact(7);
	forget_files();
}

/* What is on the disk no longer seals what has been written. */
static void
test_old_keys_are_gone(void)
{
	struct chain_secret secret;
	struct chain_fault fault;
	struct keyring_state {
		unsigned char bytes[256];
	} state;
	struct chain c;
	struct slice s;

	make_chain();
	CU_ASSERT_EQUAL(chain_file_read_key(key_path, &secret, &fault), ERR_OK);
	open_log(state_path);
	for (int i = 0; i < 3; i++)
		(void)put(ONE);
	s = file(state_path);
	memcpy(state.bytes, s.ptr, s.len);
	chain_begin(&c, secret.id, secret.secret);
	CU_ASSERT_PTR_NULL(
	    memmem(state.bytes, s.len, secret.secret, sizeof secret.secret));
	for (uint64_t n = 1; n < 4; n++) {
		CU_ASSERT_PTR_NULL(
		    memmem(state.bytes, s.len, c.key, sizeof c.key));
		chain_step(&c);
	}
	CU_ASSERT_PTR_NOT_NULL(memmem(state.bytes, s.len, c.key, sizeof c.key));
	CU_ASSERT_PTR_NULL(
	    memmem(&audit, sizeof audit, secret.secret, CHAIN_KEY));
	audit_log_close(&audit);
	CU_ASSERT_PTR_NULL(memmem(&audit, sizeof audit, c.key, sizeof c.key));
	forget_files();
}

static void
test_anchors(void)
{
	make_chain();
	open_log(state_path);
	CU_ASSERT_EQUAL(audit.anchor_at, UINT64_MAX);
	(void)put(ONE);
	CU_ASSERT_EQUAL(audit.anchor_at, 11000);
	CU_ASSERT_EQUAL(audit_log_put(&audit, SLICE(ONE), 9000), strlen(ONE));
	CU_ASSERT_EQUAL(audit.anchor_at, 11000);
	CU_ASSERT_TRUE(audit_log_turn(&audit, 10999));
	CU_ASSERT_EQUAL(lines_in(file(anchor_path)), 0);
	CU_ASSERT_TRUE(audit_log_turn(&audit, 11000));
	CU_ASSERT_EQUAL(lines_in(file(anchor_path)), 1);
	/* Nothing new, nothing to say. */
	CU_ASSERT_EQUAL(audit.anchor_at, UINT64_MAX);
	CU_ASSERT_TRUE(audit_log_turn(&audit, 999999));
	audit_log_close(&audit);
	CU_ASSERT_EQUAL(lines_in(file(anchor_path)), 1);
	expect_intact(2);
	open_log(state_path);
	(void)put(ONE);
	audit_log_close(&audit); /* the end is proven, too */
	CU_ASSERT_EQUAL(lines_in(file(anchor_path)), 2);
	expect_intact(3);
	forget_files();
}

/* The file of the state as it was before the last records, or behind them. */
static void
test_power_loss(void)
{
	unsigned char old[256];
	struct proof *p;
	struct verdict v;
	struct slice s;
	size_t n;
	int fd;

	make_chain();
	open_log(state_path);
	(void)put(ONE ONE);
	s = file(state_path);
	n = s.len;
	memcpy(old, s.ptr, n);
	(void)put(ONE ONE ONE);
	audit_log_close(&audit);
	fd = open(state_path, O_WRONLY);
	CU_ASSERT_EQUAL(write(fd, old, n), (ssize_t)n);
	close(fd);
	open_log(state_path);
	CU_ASSERT_EQUAL(audit.chain.sequence, 5);
	(void)put(ONE);
	audit_log_close(&audit);
	expect_intact(6);
	/* Records that never reached the disk are missing, and said to be. */
	CU_ASSERT_EQUAL(truncate(log_path, (off_t)file(log_path).len / 6 * 5),
			0);
	open_log(state_path);
	(void)put(ONE);
	audit_log_close(&audit);
	v = judge(&p);
	CU_ASSERT_EQUAL_FATAL(v.count, 1);
	CU_ASSERT_EQUAL(v.findings[0].kind, FINDING_MISSING);
	CU_ASSERT_EQUAL(v.findings[0].from, 6);
	CU_ASSERT_EQUAL(v.findings[0].to, 6);
	proof_free(p);
	forget_files();
}

static void
limit_files(rlim_t size)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &r);
}

/* Numbers are for what is written: those that had to wait get theirs then. */
static void
test_chain_and_full_disk(void)
{
	size_t one;

	make_chain();
	open_log(state_path);
	(void)put(ONE);
	one = file(log_path).len;
	limit_files(3 * one + one / 2);
	CU_ASSERT_EQUAL(put(ONE ONE ONE ONE), 2 * strlen(ONE));
	CU_ASSERT_EQUAL(put(ONE), 0);
	limit_files(RLIM_INFINITY);
	CU_ASSERT_EQUAL(audit.chain.sequence, 3);
	CU_ASSERT_EQUAL(put(ONE ONE), 2 * strlen(ONE));
	audit_log_close(&audit);
	expect_intact(5);
	forget_files();
}

static void
test_many_lines(void)
{
	static char text[200000];
	size_t n = 0;

	while (n + sizeof ONE <= sizeof text) {
		memcpy(text + n, ONE, sizeof ONE);
		n += sizeof ONE - 1;
	}
	make_chain();
	open_log(state_path);
	CU_ASSERT_EQUAL(audit_log_put(&audit, slice_of(text, n), 0), n);
	audit_log_close(&audit);
	expect_intact(n / (sizeof ONE - 1));
	forget_files();
}

static void
test_reload(void)
{
	struct audit_log next;
	struct audit_log_fault fault;

	make_chain();
	open_log(state_path);
	(void)put(ONE);
	/* Nothing has changed. */
	CU_ASSERT_EQUAL(audit_log_open(&next, settings, &audit, &fault),
			ERR_OK);
	CU_ASSERT_FALSE(next.opened);
	audit_log_replace(&audit, &next);
	(void)put(ONE);
	/* The anchors go elsewhere, the chain goes on. */
	settings->audit.anchors.kind = AUDIT_NONE;
	CU_ASSERT_EQUAL(audit_log_open(&next, settings, &audit, &fault),
			ERR_OK);
	CU_ASSERT_TRUE(next.opened && next.inherits);
	audit_log_close(&next); /* not taken: nothing has changed */
	(void)put(ONE);
	CU_ASSERT_EQUAL(audit_log_open(&next, settings, &audit, &fault),
			ERR_OK);
	audit_log_replace(&audit, &next);
	(void)put(ONE);
	settings->audit.anchors.kind = AUDIT_FILE;
	CU_ASSERT_EQUAL(audit_log_open(&next, settings, &audit, &fault),
			ERR_OK);
	audit_log_replace(&audit, &next);
	(void)put(ONE);
	audit_log_close(&audit);
	expect_intact(5);
	forget_files();
}

static void
expect_fault(enum audit_log_part part, const char *text)
{
	struct audit_log_fault fault = {.text = ""};
	struct audit_log l;

	settings->audit.chain = state_path;
	CU_ASSERT_NOT_EQUAL(audit_log_open(&l, settings, &unopened, &fault),
			    ERR_OK);
	CU_ASSERT_FALSE(l.opened);
	CU_ASSERT_EQUAL(fault.part, part);
	CU_ASSERT_PTR_NOT_NULL(strstr(fault.text, text));
}

static void
test_refused(void)
{
	struct chain_fault fault;
	const char *which = NULL;

	expect_fault(AUDIT_LOG_CHAIN, "imapward audit init");
	make_chain();
	CU_ASSERT_EQUAL(chain_file_make(state_path, key_path, &which, &fault),
			ERR_DUPLICATE);
	CU_ASSERT_PTR_EQUAL(which, key_path);
	(void)unlink(key_path);
	CU_ASSERT_EQUAL(chain_file_make(state_path, key_path, &which, &fault),
			ERR_DUPLICATE);
	CU_ASSERT_PTR_EQUAL(which, state_path);
	CU_ASSERT_NOT_EQUAL(access(key_path, F_OK), 0);
	CU_ASSERT_EQUAL(chmod(state_path, 0640), 0);
	expect_fault(AUDIT_LOG_CHAIN, "mode 0640");
	CU_ASSERT_EQUAL(chmod(state_path, 0600), 0);
	open_log(state_path);
	expect_fault(AUDIT_LOG_CHAIN, "another process");
	CU_ASSERT_EQUAL(chain_file_check(state_path, &fault), ERR_OK);
	audit_log_close(&audit);
	for (off_t n = 0; n < 120; n += 7) {
		int fd = open(state_path, O_RDWR);
		unsigned char c;

		CU_ASSERT_EQUAL(pread(fd, &c, 1, n), 1);
		c ^= 1;
		CU_ASSERT_EQUAL(pwrite(fd, &c, 1, n), 1);
		expect_fault(AUDIT_LOG_CHAIN, "damaged");
		c ^= 1;
		CU_ASSERT_EQUAL(pwrite(fd, &c, 1, n), 1);
		close(fd);
	}
	CU_ASSERT_EQUAL(truncate(state_path, 60), 0);
	expect_fault(AUDIT_LOG_CHAIN, "damaged");
	forget_files();
}

static bool
write_text(const char *text)
{
	return backlog_write(&backlog, &audit, slice_str(text), 0, 0);
}

static void
test_backlog(void)
{
	struct slice s;

	open_log("");
	CU_ASSERT_TRUE_FATAL(backlog_init(&backlog, 4 * strlen(ONE)));
	CU_ASSERT_TRUE(write_text(ONE));
	limit_files(2 * strlen(ONE) + 3);
	/* One is written, two wait. */
	CU_ASSERT_FALSE(write_text(ONE ONE ONE));
	CU_ASSERT_FALSE(backlog_empty(&backlog));
	CU_ASSERT_EQUAL(backlog.lost_all, 0);
	CU_ASSERT_FALSE(write_text(""));
	limit_files(RLIM_INFINITY);
	CU_ASSERT_TRUE(write_text(ONE));
	CU_ASSERT_TRUE(backlog_empty(&backlog));
	s = file(log_path);
	CU_ASSERT_EQUAL(s.len, 5 * strlen(ONE));
	backlog_clear(&backlog);
	audit_log_close(&audit);
	forget_files();
}

static void
test_lost(void)
{
	struct slice s;
	const char *text;

	make_chain();
	open_log(state_path);
	CU_ASSERT_TRUE_FATAL(backlog_init(&backlog, 4 * strlen(ONE)));
	limit_files(0);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_FALSE(write_text(ONE));
	limit_files(RLIM_INFINITY);
	CU_ASSERT_TRUE(write_text(""));
	CU_ASSERT_TRUE(write_text(ONE));
	CU_ASSERT_TRUE(backlog.lost_all >= 5 && backlog.lost_all <= 6);
	s = file(log_path);
	text = memmem(s.ptr, s.len, "\"dropped\"", 9);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(memmem(text, 200, "\"imapward.count\":", 17));
	CU_ASSERT_PTR_NOT_NULL(memmem(text, 200, "File too large", 14));
	/* Behind what waited, before what came. */
	CU_ASSERT_EQUAL(lines_in(s), 10 - backlog.lost_all + 2);
	backlog_clear(&backlog);
	audit_log_close(&audit);
	expect_intact(lines_in(file(log_path)));
	forget_files();
}

void
suite_audit_log(void)
{
	CU_pSuite suite = CU_add_suite("audit_log", set_up, tear_down);

	CU_add_test(suite, "a chain goes on after a restart",
		    test_chain_goes_on);
	CU_add_test(suite, "the keys of what was written are gone",
		    test_old_keys_are_gone);
	CU_add_test(suite, "anchors come every ten seconds, and at the end",
		    test_anchors);
	CU_add_test(suite, "a chain goes on after a power loss",
		    test_power_loss);
	CU_add_test(suite, "a full disk makes no gap in the chain",
		    test_chain_and_full_disk);
	CU_add_test(suite, "many lines at once are one chain", test_many_lines);
	CU_add_test(suite, "a reload does not break the chain", test_reload);
	CU_add_test(suite, "a chain that is not ours alone is refused",
		    test_refused);
	CU_add_test(suite, "what cannot be written waits", test_backlog);
	CU_add_test(suite, "what cannot wait is counted", test_lost);
}
