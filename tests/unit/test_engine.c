/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs.h"
#include "shelves.h"
#include "stand.h"
#include "tls_link.h"

#include "tls/engine.h"
#include "tls/guard.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/ssl.h>

#include <CUnit/CUnit.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void
handshakes(void)
{
	static const struct {
		enum certs_kind kind;
		enum tls_version version;
		const char *expected, *cipher;
	} rows[] = {
	    {CERTS_EC, TLS_VERSION_NONE, "1.3", "TLS_AES_128_GCM_SHA256"},
	    {CERTS_EC, TLS_VERSION_13, "1.3", "TLS_AES_128_GCM_SHA256"},
	    {CERTS_EC384, TLS_VERSION_13, "1.3", "TLS_AES_128_GCM_SHA256"},
	    {CERTS_RSA, TLS_VERSION_13, "1.3", "TLS_AES_128_GCM_SHA256"},
	    {CERTS_EC, TLS_VERSION_12, "1.2",
	     "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	    {CERTS_EC384, TLS_VERSION_12, "1.2",
	     "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	    {CERTS_RSA, TLS_VERSION_12, "1.2",
	     "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct stand *s = stand_new(rows[i].kind, TLS_VERSION_12);
		struct duo *p = duo_new(s, "imap", rows[i].version);
		struct engine_facts f;

		stand_free(s); /* the engine keeps what it needs */
		duo_pump(p);
		CU_ASSERT_TRUE_FATAL(p->open);
		CU_ASSERT_TRUE(duo_talks(p));
		f = duo_facts(p);
		CU_ASSERT_TRUE(same(f.version, rows[i].expected));
		CU_ASSERT_TRUE(same(f.cipher, rows[i].cipher));
		CU_ASSERT_TRUE(same(f.alpn, "imap"));
		CU_ASSERT_PTR_NOT_NULL(f.curve);
		CU_ASSERT_PTR_NULL(f.reason);
		CU_ASSERT_FALSE(f.resumed);
		CU_ASSERT_EQUAL(f.alert_received, -1);
		CU_ASSERT_EQUAL(f.alert_sent, -1);
		duo_free(p);
	}
}

static void
groups(void)
{
	static const struct {
		int group; /* 0: what the client likes best */
		enum tls_version version;
		const char *expected; /* NULL: refused */
	} rows[] = {
	    {0, TLS_VERSION_13, "X25519MLKEM768"},
	    {WOLFSSL_ECC_X25519, TLS_VERSION_13, "X25519"},
	    {WOLFSSL_ECC_X25519, TLS_VERSION_12, "X25519"},
	    {WOLFSSL_ECC_SECP256R1, TLS_VERSION_13, "SECP256R1"},
	    {WOLFSSL_ECC_SECP256R1, TLS_VERSION_12, "SECP256R1"},
	    {WOLFSSL_ECC_SECP384R1, TLS_VERSION_13, "SECP384R1"},
	    {WOLFSSL_ECC_SECP384R1, TLS_VERSION_12, "SECP384R1"},
	    {WOLFSSL_ECC_SECP521R1, TLS_VERSION_13, NULL},
	};
	struct stand *s = stand_new(CERTS_RSA, TLS_VERSION_12);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct duo *p = duo_new(s, NULL, rows[i].version);

		if (rows[i].group)
			tls_client_group(p->client, rows[i].group);
		duo_pump(p);
		if (rows[i].expected) {
			CU_ASSERT_TRUE_FATAL(p->open);
			CU_ASSERT_TRUE(
			    same(duo_facts(p).curve, rows[i].expected));
		} else {
			CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
			/* The client meets a retry for a group it lacks. */
			CU_ASSERT_EQUAL(duo_facts(p).alert_received, 47);
			CU_ASSERT_PTR_NOT_NULL(duo_facts(p).reason);
		}
		duo_free(p);
	}
	stand_free(s);
}

static void
ciphers(void)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
	    {"TLS13-AES128-GCM-SHA256", true},
	    {"TLS13-AES256-GCM-SHA384", true},
	    {"TLS13-CHACHA20-POLY1305-SHA256", true},
	    {"ECDHE-ECDSA-AES128-GCM-SHA256", true},
	    {"ECDHE-ECDSA-AES256-GCM-SHA384", true},
	    {"ECDHE-ECDSA-CHACHA20-POLY1305", true},
	    {"ECDHE-ECDSA-AES128-SHA256", false}, /* CBC */
	    {"ECDHE-ECDSA-AES256-SHA", false},
	    {"ECDHE-RSA-AES128-GCM-SHA256", false}, /* the key is ECDSA */
	    {"AES128-GCM-SHA256", false},           /* no forward secrecy */
	};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool old = strncmp(rows[i].name, "TLS13", 5) != 0;
		struct duo *p =
		    duo_new(s, NULL, old ? TLS_VERSION_12 : TLS_VERSION_13);

		bool known = tls_client_ciphers(p->client, rows[i].name);

		if (known)
			duo_pump(p);
		CU_ASSERT_EQUAL(p->open, rows[i].good);
		if (known && !rows[i].good) {
			CU_ASSERT_EQUAL(duo_facts(p).alert_sent, 40);
			CU_ASSERT_TRUE(same(duo_facts(p).reason,
					    "no cipher suite in common"));
		}
		duo_free(p);
	}
	stand_free(s);
}

static void
alpn(void)
{
	static const struct {
		const char *offered, *chosen;
		int alert;
	} rows[] = {
	    {"imap", "imap", -1},       {NULL, NULL, -1},
	    {"h2,imap", "imap", -1},    {"http/1.1", NULL, 120},
	    {"h2,http/1.1", NULL, 120}, {"IMAP", NULL, 120},
	    {"imaps", NULL, 120},       {"ima", NULL, 120},
	};
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct duo *p =
		    duo_new(s, rows[i / 2].offered, versions[i % 2]);
		struct engine_facts f;

		duo_pump(p);
		f = duo_facts(p);
		CU_ASSERT_EQUAL(p->open, rows[i / 2].alert < 0);
		CU_ASSERT_EQUAL(f.alert_sent, rows[i / 2].alert);
		CU_ASSERT_TRUE(same(f.alpn, rows[i / 2].chosen));
		if (rows[i / 2].alert > 0) {
			CU_ASSERT_EQUAL(
			    tls_client_facts(p->client).alert_received,
			    rows[i / 2].alert);
			CU_ASSERT_TRUE(
			    same(f.reason, "the client wants no IMAP (ALPN)"));
		}
		duo_free(p);
	}
	stand_free(s);
}

static void
too_old(void)
{
	struct stand *strict = stand_new(CERTS_EC, TLS_VERSION_13);
	struct stand *normal = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(strict, NULL, TLS_VERSION_12);

	duo_pump(p);
	CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
	CU_ASSERT_EQUAL(duo_facts(p).alert_sent, 70);
	CU_ASSERT_EQUAL(tls_client_facts(p->client).alert_received, 70);
	CU_ASSERT_TRUE(
	    same(duo_facts(p).reason, "the client's TLS version is too old"));
	duo_free(p);

	/* A TLS 1.2 hello that says 1.1 is a TLS 1.1 hello. */
	p = duo_new(normal, NULL, TLS_VERSION_12);
	duo_client_takes(p, &p->down);
	CU_ASSERT_EQUAL(p->up.mem[p->up.sent + 10], 3);
	p->up.mem[p->up.sent + 10] = 2;
	duo_server_takes(p, &p->up);
	CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
	CU_ASSERT_EQUAL(duo_facts(p).alert_sent, 70);
	CU_ASSERT_EQUAL(duo_waiting(&p->down), 7);
	duo_free(p);
	stand_free(strict);
	stand_free(normal);
}

/* Moves `n` bytes from one queue to another. */
static void
carry(struct duo *p, struct buf *from, struct buf *to, size_t n)
{
	CU_ASSERT_EQUAL_FATAL(
	    buf_append(to, p->pool, slice_of(from->mem + from->sent, n)),
	    ERR_OK);
	from->cleared += n;
	from->sent += n;
}

static void
byte_by_byte(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2; i++) {
		struct duo *p = duo_new(s, "imap", versions[i]);
		struct buf up = {0}, down = {0};
		bool said = false;

		duo_client_takes(p, &down);
		while (duo_waiting(&p->up) > 0 || duo_waiting(&p->down) > 0) {
			if (duo_waiting(&p->up) > 0) {
				carry(p, &p->up, &up, 1);
				duo_server_takes(p, &up);
			}
			if (duo_waiting(&p->down) > 0) {
				carry(p, &p->down, &down, 1);
				duo_client_takes(p, &down);
			}
			if (p->open && p->client_io == IO_DONE && !said) {
				said = true;
				duo_server_says(p, SLICE("* OK ready\r\n"));
				duo_client_says(p, SLICE("a1 NOOP\r\n"));
			}
		}
		CU_ASSERT_TRUE(duo_plain_is(p, SLICE("a1 NOOP\r\n")));
		CU_ASSERT_TRUE(slice_eq(tls_client_text(p->client),
					SLICE("* OK ready\r\n")));
		buf_drop(&up, p->pool);
		buf_drop(&down, p->pool);
		duo_free(p);
	}
	stand_free(s);
}

/*
 * Runs a session whose bytes in the direction `up` arrive with one cut, at
 * byte `at`. Returns false when the direction has fewer bytes.
 */
static bool
one_cut(struct stand *s, enum tls_version version, bool up, size_t at)
{
	struct duo *p = duo_new(s, "imap", version);
	struct buf *from = up ? &p->up : &p->down, part = {0};
	size_t moved = 0, n;
	bool said = false, cut;

	tls_client_group(p->client, WOLFSSL_ECC_X25519);
	duo_client_takes(p, &p->down);
	for (;;) {
		n = duo_waiting(from);
		if (moved < at && moved + n > at)
			n = at - moved;
		if (n > 0)
			carry(p, from, &part, n);
		moved += n;
		duo_server_takes(p, up ? &part : &p->up);
		duo_client_takes(p, up ? &p->down : &part);
		if (p->open && p->client_io == IO_DONE && !said) {
			said = true;
			duo_server_says(p, SLICE("* OK ready\r\n"));
			duo_client_says(p, SLICE("a1 NOOP\r\n"));
		} else if (duo_waiting(&p->up) == 0 &&
			   duo_waiting(&p->down) == 0) {
			break;
		}
	}
	cut = moved > at;
	CU_ASSERT_TRUE(duo_plain_is(p, SLICE("a1 NOOP\r\n")));
	CU_ASSERT_TRUE(
	    slice_eq(tls_client_text(p->client), SLICE("* OK ready\r\n")));
	buf_drop(&part, p->pool);
	duo_free(p);
	return cut;
}

static void
every_cut(void)
{
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (int way = 0; way < 4; way++) {
		size_t at = 1;

		while (one_cut(s, way & 1 ? TLS_VERSION_13 : TLS_VERSION_12,
			       (way & 2) != 0, at))
			at++;
		CU_ASSERT_TRUE(at > 200);
	}
	stand_free(s);
}

/* A whole session; the ticket of `*session` is offered, the newest kept. */
static bool
visit(struct stand *s, enum tls_version version, struct tls_session **session)
{
	struct duo *p = duo_new(s, "imap", version);
	bool resumed;

	if (*session)
		tls_client_resume(p->client, *session);
	duo_pump(p);
	CU_ASSERT_TRUE_FATAL(p->open);
	CU_ASSERT_TRUE(duo_talks(p));
	resumed = duo_facts(p).resumed;
	CU_ASSERT_EQUAL(tls_client_facts(p->client).resumed, resumed);
	CU_ASSERT_TRUE(same(duo_facts(p).alpn, "imap"));
	tls_session_free(*session);
	*session = tls_client_session(p->client);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*session);
	duo_free(p);
	return resumed;
}

/* Does its ticket open here? It is kept as it is. */
static bool
opens(struct stand *s, enum tls_version version,
      const struct tls_session *session)
{
	struct duo *p = duo_new(s, "imap", version);
	bool resumed;

	tls_client_resume(p->client, session);
	duo_pump(p);
	CU_ASSERT_TRUE_FATAL(p->open);
	CU_ASSERT_TRUE(duo_talks(p));
	resumed = duo_facts(p).resumed;
	duo_free(p);
	return resumed;
}

/* A ticket opens after a reload, for a renewed certificate and its twin with
 * the other kind of key; not under another policy, nor with other secrets. */
static void
resumption(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	static const enum certs_kind rsa[] = {CERTS_RSA};
	static const enum certs_kind renewed[] = {CERTS_NO_CN};
	static const char policies[] = "tls_policies:\n"
				       "  - name: other\n"
				       "    sni: required\n";

	for (size_t i = 0; i < 2; i++) {
		enum tls_version v = versions[i];
		struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
		struct stand *after[] = {
		    stand_of(shelves_of(renewed, 1), policies, s),
		    stand_of(shelves_of(renewed, 1), NULL, s),
		    stand_of(shelves_of(rsa, 1), NULL, s),
		    stand_new(CERTS_EC, TLS_VERSION_12)};
		struct tls_session *session = NULL;

		CU_ASSERT_FALSE(visit(s, v, &session));
		CU_ASSERT_TRUE(visit(s, v, &session));
		stand_free(s);
		CU_ASSERT_FALSE(opens(after[0], v, session)); /* policy */
		CU_ASSERT_TRUE(opens(after[1], v, session));  /* renewed */
		CU_ASSERT_TRUE(opens(after[2], v, session));  /* RSA */
		CU_ASSERT_FALSE(opens(after[3], v, session)); /* secrets */
		tls_session_free(session);
		for (size_t k = 0; k < 4; k++)
			stand_free(after[k]);
	}
}

static void
chained_resumptions(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2; i++) {
		struct tls_session *session = NULL;
		unsigned resumed = 0;

		(void)visit(s, versions[i], &session);
		for (int n = 0; n < 300; n++)
			resumed += visit(s, versions[i], &session);
		/* Each hundred needs one full handshake in TLS 1.3. */
		CU_ASSERT_TRUE(resumed >= 297);
		tls_session_free(session);
	}
	stand_free(s);
}

static void
close_by_client(void)
{
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);

	duo_pump(p);
	duo_client_says(p, SLICE("a1 LOGOUT\r\n"));
	tls_client_close(p->client, &p->up, p->pool);
	CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain, SIZE_MAX,
				    &p->down, p->pool),
			IO_DONE);
	CU_ASSERT_TRUE(duo_plain_is(p, SLICE("a1 LOGOUT\r\n")));
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain,
					    SIZE_MAX, &p->down, p->pool),
				IO_EOF);
	/* Our direction is still open. */
	duo_server_says(p, SLICE("* BYE\r\n"));
	CU_ASSERT_TRUE(duo_waiting(&p->down) > 0);
	CU_ASSERT_PTR_NULL(duo_facts(p).reason);
	CU_ASSERT_EQUAL(duo_facts(p).alert_received, -1);
	duo_free(p);
	stand_free(s);
}

static void
close_by_server(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2; i++) {
		struct duo *p = duo_new(s, NULL, versions[i]);
		size_t n;

		engine_close(p->server, &p->down, p->pool);
		CU_ASSERT_EQUAL(duo_waiting(&p->down), 0);
		duo_pump(p);
		duo_server_says(p, SLICE("* BYE\r\n"));
		engine_close(p->server, &p->down, p->pool);
		n = duo_waiting(&p->down);
		engine_close(p->server, &p->down, p->pool);
		CU_ASSERT_EQUAL(
		    engine_write(p->server, SLICE("more"), &p->down, p->pool),
		    ERR_CLOSED);
		CU_ASSERT_EQUAL(duo_waiting(&p->down), n);
		duo_client_takes(p, &p->down);
		CU_ASSERT_EQUAL(p->client_io, IO_EOF);
		CU_ASSERT_TRUE(
		    slice_eq(tls_client_text(p->client), SLICE("* BYE\r\n")));
		CU_ASSERT_PTR_NULL(duo_facts(p).reason);
		duo_free(p);
	}
	stand_free(s);
}

/* Is the engine's failure final, and was it told to the client? */
static void
check_dead(struct duo *p, int alert)
{
	size_t n = duo_waiting(&p->down);

	CU_ASSERT_PTR_NOT_NULL(duo_facts(p).reason);
	CU_ASSERT_EQUAL(duo_facts(p).alert_sent, alert);
	CU_ASSERT_EQUAL(engine_handshake(p->server, &p->up, &p->down, p->pool),
			IO_FAIL);
	if (p->open) {
		CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain,
					    SIZE_MAX, &p->down, p->pool),
				IO_FAIL);
		CU_ASSERT_EQUAL(
		    engine_write(p->server, SLICE("x"), &p->down, p->pool),
		    ERR_CLOSED);
	}
	engine_close(p->server, &p->down, p->pool);
	CU_ASSERT_EQUAL(duo_waiting(&p->down), n);
	duo_client_takes(p, &p->down);
	CU_ASSERT_EQUAL(p->client_io, IO_FAIL);
	CU_ASSERT_EQUAL(tls_client_facts(p->client).alert_received, alert);
}

static void
corrupted(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2; i++) {
		/* All of a record but its type and its length. */
		for (size_t at = 1; at < 29; at += at == 2 ? 3 : 1) {
			const char *why =
			    at < 3 ? "TLS record of an unknown version"
				   : "TLS record that does not decrypt";
			struct duo *p = duo_new(s, NULL, versions[i]);

			tls_client_group(p->client, WOLFSSL_ECC_X25519);
			duo_pump(p);
			duo_client_says(p, SLICE("a1 NOOP\r\n"));
			CU_ASSERT_TRUE_FATAL(duo_waiting(&p->up) > at);
			p->up.mem[p->up.sent + at] ^= 1;
			duo_server_takes(p, &p->up);
			CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
			CU_ASSERT_EQUAL(buf_uncleared(&p->plain).len, 0);
			CU_ASSERT_TRUE(same(duo_facts(p).reason, why));
			check_dead(p, 20);
			duo_free(p);
		}
	}
	stand_free(s);
}

static void
good_before_bad(void)
{
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);

	duo_pump(p);
	duo_client_says(p, SLICE("a1 NOOP\r\n"));
	duo_client_says(p, SLICE("a2 NOOP\r\n"));
	p->up.mem[p->up.filled - 1] ^= 1;
	CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain, SIZE_MAX,
				    &p->down, p->pool),
			IO_DONE);
	CU_ASSERT_TRUE(duo_plain_is(p, SLICE("a1 NOOP\r\n")));
	CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain, SIZE_MAX,
				    &p->down, p->pool),
			IO_FAIL);
	CU_ASSERT_TRUE(duo_plain_is(p, SLICE("a1 NOOP\r\n")));
	duo_free(p);
	stand_free(s);
}

/* What the guard refuses is answered with an alert at every stage. */
static void
refused_records(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *reason;
	} rows[] = {
	    {"a001 CAPABILITY\r\n", 17, "not a TLS record"},
	    {"\x17\x02\x00\x00\x20", 5, "TLS record of an unknown version"},
	    {"\x17\x03\x03\x41\x01", 5, "TLS record too long"},
	    {"\x17\x03\x03\x00\x00", 5, "empty TLS record"},
	    /* CVE-2024-0901 */
	    {"\x17\x03\x03\x00\x10", 5, "TLS record too short"},
	};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 3 * sizeof rows / sizeof rows[0]; i++) {
		struct duo *p = duo_new(s, NULL, TLS_VERSION_13);
		struct buf in = {0}, none = {0};

		if (i % 3 > 0) {
			duo_client_takes(p, &p->down);
			duo_server_takes(p, &p->up);
		}
		if (i % 3 > 1)
			duo_pump(p);
		CU_ASSERT_EQUAL(
		    buf_append(&in, p->pool,
			       slice_of(rows[i / 3].bytes, rows[i / 3].n)),
		    ERR_OK);
		duo_server_takes(p, &in);
		CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
		CU_ASSERT_TRUE(same(duo_facts(p).reason, rows[i / 3].reason));
		CU_ASSERT_TRUE(duo_facts(p).alert_sent > 0);
		if (i % 3 == 0)
			duo_client_takes(p, &none); /* writes its hello */
		check_dead(p, duo_facts(p).alert_sent);
		buf_drop(&in, p->pool);
		duo_free(p);
	}
	stand_free(s);
}

static void
large_writes(void)
{
	enum { LARGE = 100 * 1024 };
	static unsigned char text[LARGE];
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < LARGE; i++)
		text[i] = (unsigned char)(i * 7 + i / 251);
	for (size_t i = 0; i < 2; i++) {
		struct duo *p = duo_new(s, NULL, versions[i]);

		duo_pump(p);
		duo_server_says(p, slice_of(text, LARGE));
		duo_client_says(p, slice_of(text, LARGE));
		/* `most` is kept, but for the record that reaches it. */
		CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain, 20000,
					    &p->down, p->pool),
				IO_DONE);
		CU_ASSERT_EQUAL(buf_uncleared(&p->plain).len, 32768);
		CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain, 0,
					    &p->down, p->pool),
				IO_WAIT);
		duo_pump(p);
		CU_ASSERT_TRUE(duo_plain_is(p, slice_of(text, LARGE)));
		CU_ASSERT_TRUE(slice_eq(tls_client_text(p->client),
					slice_of(text, LARGE)));
		duo_free(p);
	}
	stand_free(s);
}

static void
full_queue(void)
{
	static unsigned char text[600 * 1024];
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);
	size_t n;

	duo_pump(p);
	duo_server_says(p, slice_of(text, sizeof text));
	n = duo_waiting(&p->down);
	CU_ASSERT_EQUAL(engine_write(p->server, slice_of(text, sizeof text),
				     &p->down, p->pool),
			ERR_LIMIT);
	CU_ASSERT_EQUAL(engine_write(p->server, slice_of(text, POOL_MAX + 1),
				     &p->down, p->pool),
			ERR_LIMIT);
	CU_ASSERT_EQUAL(duo_waiting(&p->down), n);
	duo_client_takes(p, &p->down);
	CU_ASSERT_EQUAL(tls_client_text(p->client).len, sizeof text);
	tls_client_forget(p->client);
	CU_ASSERT_TRUE(duo_talks(p));
	duo_free(p);
	stand_free(s);
}

static void
key_update(void)
{
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);

	duo_pump(p);
	tls_client_update_keys(p->client, &p->up, p->pool);
	CU_ASSERT_EQUAL(engine_read(p->server, &p->up, &p->plain, SIZE_MAX,
				    &p->down, p->pool),
			IO_WAIT);
	CU_ASSERT_TRUE(duo_waiting(&p->down) > 0);
	CU_ASSERT_TRUE(duo_talks(p));
	duo_free(p);
	stand_free(s);
}

/* Each costs two derivations of keys, and the client decides how many. */
static void
key_update_flood(void)
{
	enum { TRIES = 100000, MOST = 600 };
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);
	size_t n = 0;

	duo_pump(p);
	do {
		tls_client_update_keys(p->client, &p->up, p->pool);
		duo_server_takes(p, &p->up);
	} while (p->server_io == IO_WAIT && ++n < TRIES);
	CU_ASSERT_TRUE(n > 100 && n < MOST);
	CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
	CU_ASSERT_TRUE(
	    same(duo_facts(p).reason, "too many TLS records without text"));
	CU_ASSERT_TRUE(duo_waiting(&p->down) < MOST * 32);
	check_dead(p, 20);
	duo_free(p);
	stand_free(s);
}

/* RFC 8446 section 5.1 forbids it, and the library lets it pass. */
static void
key_updates_in_one_record(void)
{
	enum { UPDATES = 3276 };
	static unsigned char updates[UPDATES * 5];
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);

	for (size_t i = 0; i < UPDATES; i++)
		memcpy(updates + 5 * i, "\x18\0\0\x01\x01", 5);
	duo_pump(p);
	/* A client may pad its records to any size, so one is no flood. */
	tls_client_seal(p->client, 22, slice_of(updates, 10), &p->up, p->pool);
	duo_server_takes(p, &p->up);
	CU_ASSERT_EQUAL(p->server_io, IO_WAIT);
	duo_free(p);

	p = duo_new(s, NULL, TLS_VERSION_13);
	duo_pump(p);
	for (size_t i = 0; i < 10; i++)
		tls_client_update_keys(p->client, &p->up, p->pool);
	tls_client_seal(p->client, 22, slice_of(updates, sizeof updates),
			&p->up, p->pool);
	tls_client_update_keys(p->client, &p->up, p->pool);
	duo_server_takes(p, &p->up);
	CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
	CU_ASSERT_TRUE(duo_waiting(&p->up) > 0);
	CU_ASSERT_TRUE(
	    same(duo_facts(p).reason, "too many TLS records without text"));
	CU_ASSERT_TRUE(duo_waiting(&p->down) < 100 * 1000);
	duo_free(p);
	stand_free(s);
}

/* Of these the library has counts of its own. */
static void
empty_records_and_warnings(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	static const struct {
		unsigned char type;
		struct slice content;
		const char *reason;
		size_t most;
	} rows[] = {
	    {23,
	     {(const unsigned char *)"", 0},
	     "too many TLS records without text",
	     32},
	    /* user_canceled: the one warning that is no end in TLS 1.3 */
	    {21,
	     {(const unsigned char *)"\x01\x5a", 2},
	     "the client's user gave up (alert 90)",
	     5},
	};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct duo *p = duo_new(s, NULL, versions[i % 2]);
		size_t n = 0;

		duo_pump(p);
		do {
			tls_client_seal(p->client, rows[i / 2].type,
					rows[i / 2].content, &p->up, p->pool);
			duo_server_takes(p, &p->up);
		} while (p->server_io == IO_WAIT && ++n < 1000);
		CU_ASSERT_TRUE(n <= rows[i / 2].most);
		CU_ASSERT_TRUE(same(duo_facts(p).reason, rows[i / 2].reason));
		duo_free(p);
	}
	stand_free(s);
}

/* Beside text there may be any number of them. */
static void
key_updates_with_text(void)
{
	enum { ROUNDS = 2000 };
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);

	duo_pump(p);
	for (size_t i = 0; i < ROUNDS; i++) {
		tls_client_update_keys(p->client, &p->up, p->pool);
		duo_client_says(p, SLICE("x"));
		duo_server_takes(p, &p->up);
		duo_client_takes(p, &p->down);
	}
	CU_ASSERT_EQUAL(p->server_io, IO_WAIT);
	CU_ASSERT_EQUAL(buf_uncleared(&p->plain).len, ROUNDS);
	duo_free(p);
	stand_free(s);
}

static void
rejected_certificate(void)
{
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < 2; i++) {
		struct duo *p = duo_new(s, NULL, versions[i]);
		struct engine_facts f;

		tls_client_distrust(p->client);
		duo_pump(p);
		f = duo_facts(p);
		CU_ASSERT_FALSE(p->open);
		CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
		CU_ASSERT_EQUAL(f.alert_received, 48);
		CU_ASSERT_TRUE(same(f.reason, "the client does not know the "
					      "issuer of our certificate "
					      "(alert 48)"));
		CU_ASSERT_TRUE(same(f.version, i == 0 ? "1.2" : "1.3"));
		duo_free(p);
	}
	stand_free(s);
}

/* OpenSSL's clients have no keys for it yet (RFC 8446 section 6). */
static void
alert_in_the_clear(void)
{
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct duo *p = duo_new(s, NULL, TLS_VERSION_13);

	duo_client_takes(p, &p->down);
	duo_server_takes(p, &p->up);
	CU_ASSERT_EQUAL(p->server_io, IO_WAIT);
	CU_ASSERT_EQUAL(
	    buf_append(&p->up, p->pool, SLICE("\x15\x03\x03\x00\x02\x02\x2d")),
	    ERR_OK);
	duo_server_takes(p, &p->up);
	CU_ASSERT_EQUAL(p->server_io, IO_FAIL);
	CU_ASSERT_EQUAL(duo_facts(p).alert_received, 45);
	CU_ASSERT_TRUE(duo_facts(p).alert_plain);
	CU_ASSERT_TRUE(same(duo_facts(p).reason,
			    "the client holds our certificate "
			    "for expired (alert 45)"));
	duo_free(p);
	stand_free(s);
}

/* What comes in the place of the client's second flight. */
static void
instead(void)
{
	static const struct {
		const char *shows;
		enum tls_version version;
		struct slice records;
		int alert;
		bool plain, closed;
	} rows[] = {
#define RECORDS(bytes)       {(const unsigned char *)(bytes), sizeof(bytes) - 1}
#define ALERT(level, number) "\x15\x03\x03\x00\x02" level number
	    {"an alert of TLS 1.2 is in clear", TLS_VERSION_12,
	     RECORDS(ALERT("\2", "\x2a")), 42, false, false},
	    {"one of TLS 1.3 should not be", TLS_VERSION_13,
	     RECORDS(ALERT("\2", "\x2a")), 42, true, false},
	    {"a dummy ChangeCipherSpec before it", TLS_VERSION_13,
	     RECORDS("\x14\x03\x03\x00\x01\x01" ALERT("\2", "\x2d")), 45, true,
	     false},
	    {"close_notify", TLS_VERSION_12, RECORDS(ALERT("\1", "\0")), -1,
	     false, true},
	    {"close_notify in clear", TLS_VERSION_13,
	     RECORDS(ALERT("\1", "\0")), -1, false, true},
	    {"user_canceled, then close_notify", TLS_VERSION_12,
	     RECORDS(ALERT("\1", "\x5a") ALERT("\1", "\0")), 90, false, true},
	    {"the same in clear", TLS_VERSION_13,
	     RECORDS(ALERT("\1", "\x5a") ALERT("\1", "\0")), 90, true, false},
	};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct duo *p = duo_new(s, NULL, rows[i].version);
		struct engine_facts f;

		duo_client_takes(p, &p->down);
		duo_server_takes(p, &p->up);
		CU_ASSERT_EQUAL(buf_append(&p->up, p->pool, rows[i].records),
				ERR_OK);
		duo_server_takes(p, &p->up);
		f = duo_facts(p);
		if (p->server_io != IO_FAIL ||
		    f.alert_received != rows[i].alert ||
		    f.alert_plain != rows[i].plain ||
		    f.close_notify != rows[i].closed) {
			printf("%s: io %d, alert %d, plain %d, closed %d, %s\n",
			       rows[i].shows, (int)p->server_io,
			       f.alert_received, f.alert_plain, f.close_notify,
			       f.reason ? f.reason : "");
			CU_FAIL(rows[i].shows);
		}
		duo_free(p);
	}
	CU_PASS("all rows");
	stand_free(s);
}

static void
small_when_idle(void)
{
	enum { SESSIONS = 200, LIMIT = 6 * 1024 };
	static struct engine *idle[SESSIONS];
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);

	for (size_t v = 0; v < 2; v++) {
		struct tls_session *warm = NULL;
		size_t before, each;

		(void)visit(s, versions[v], &warm);
		tls_session_free(warm);
		before = mallinfo2().uordblks;
		for (size_t i = 0; i < SESSIONS; i++) {
			struct duo *p = duo_new(s, "imap", versions[v]);

			duo_pump(p);
			CU_ASSERT_TRUE(duo_talks(p));
			idle[i] = p->server;
			p->server = NULL;
			duo_free(p);
		}
		each = (mallinfo2().uordblks - before) / SESSIONS;
		if (getenv("VERBOSE"))
			printf("TLS 1.%u: %zu bytes per idle engine\n",
			       v == 0 ? 2 : 3, each);
		CU_ASSERT_TRUE(each <= LIMIT);
		for (size_t i = 0; i < SESSIONS; i++)
			engine_free(idle[i]);
	}
	stand_free(s);
}

void
suite_engine(void)
{
	CU_pSuite suite = CU_add_suite("engine", NULL, NULL);

	CU_add_test(suite, "TLS 1.2 and 1.3 work with ECDSA and RSA keys",
		    handshakes);
	CU_add_test(suite, "the hybrid group comes first, P-521 is refused",
		    groups);
	CU_add_test(suite, "only ECDHE with an AEAD is spoken", ciphers);
	CU_add_test(suite, "a client that wants no IMAP gets alert 120", alpn);
	CU_add_test(suite, "a version that is too old gets alert 70", too_old);
	CU_add_test(suite, "bytes may arrive one by one", byte_by_byte);
	CU_add_test(suite, "the wire may be cut at every byte", every_cut);
	CU_add_test(suite,
		    "a ticket resumes, also after a reload, but not "
		    "with another certificate",
		    resumption);
	CU_add_test(suite, "hundreds of resumptions in a chain work",
		    chained_resumptions);
	CU_add_test(suite, "the client's close_notify ends its direction only",
		    close_by_client);
	CU_add_test(suite, "close_notify is sent once and is the last word",
		    close_by_server);
	CU_add_test(suite, "a corrupted record is fatal and gives no text",
		    corrupted);
	CU_add_test(suite, "text before a broken record is delivered first",
		    good_before_bad);
	CU_add_test(suite, "what the guard refuses gets an alert at any stage",
		    refused_records);
	CU_add_test(suite, "100 KB pass in both directions", large_writes);
	CU_add_test(suite, "a full queue takes nothing and breaks nothing",
		    full_queue);
	CU_add_test(suite, "a key update is answered by a read", key_update);
	CU_add_test(suite, "a flood of key updates ends the connection",
		    key_update_flood);
	CU_add_test(suite, "a record full of key updates counts as many",
		    key_updates_in_one_record);
	CU_add_test(suite, "empty records and warnings are counted",
		    empty_records_and_warnings);
	CU_add_test(suite, "key updates beside text are no flood",
		    key_updates_with_text);
	CU_add_test(suite, "a client's rejection of our certificate is known",
		    rejected_certificate);
	CU_add_test(suite, "an alert in the clear is known too",
		    alert_in_the_clear);
	CU_add_test(suite, "what a client says instead of going on is known",
		    instead);
	CU_add_test(suite, "an idle engine needs at most 6 KB",
		    small_when_idle);
}
