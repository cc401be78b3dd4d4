/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_witness.c - what is told of clients that do not stay, where transcripts
 * cannot say it: recorded hellos, whole first segments, other days.
 */
#include "world.h"

#include "unit/hellos.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

void suite_witness(void);

#define ALERT(number) SLICE("\x15\x03\x03\x00\x02\x02" number)

static void
expect(struct world *w, const char *text)
{
	if (world_holds(&w->events, text))
		return;
	printf("no %s in\n%s", text,
	       w->events.len ? (char *)w->events.bytes : "");
	CU_FAIL("no such event");
}

/* As they come in one segment. */
static void
first_bytes(void)
{
	static const struct {
		const char *bytes, *told;
	} rows[] = {
	    {"a1 CAPABILITY\r\n", "[\"cleartext_on_tls_port\"],"
				  "\"imapward.tls.confidence\":\"high\""},
	    {"GET / HTTP/1.1\r\n",
	     "[\"probe\"],\"imapward.tls.confidence\":\"medium\""},
	    {"SSH-2.0-x\r\n", "[\"probe\"]"},
	    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "[\"probe\"]"},
	    {"EHLO x\r\n", "[\"probe\"]"},
	    {"GETQUOTA", "[\"cleartext_on_tls_port\"]"},
	    {"\x80\x2e\x01\x03\x01", "[\"no_common_version\"]"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world w = {0};

		world_begin(&w, DOOR_RAW, 0, NULL, 1);
		world_client_raw(&w, slice_str(rows[i].bytes));
		CU_ASSERT_TRUE(w.done);
		expect(&w, "\"imapward.tls.signal\":\"cleartext\","
			   "\"imapward.tls.stage\":\"hello\"");
		expect(&w, rows[i].told);
		CU_ASSERT_TRUE(world_holds(&w.to_client, "* BYE "));
		world_end(&w);
	}
}

/* A recorded client meets our flight and answers with this. */
static void
answered(struct world *w, const char *client, struct slice answer)
{
	world_begin(w, DOOR_RAW, 0, NULL, 1);
	world_client_raw(w, hellos_recorded(client));
	CU_ASSERT_STRING_EQUAL(session_state_name(&w->session), "tls");
	world_client_raw(w, answer);
}

/* Its name is "localhost", and our certificate's is another. */
static void
by_name(void)
{
	struct world w = {0};

	answered(&w, "thunderbird", ALERT("\x2a"));
	CU_ASSERT_TRUE(w.done);
	expect(&w, "\"tls.client.server_name\":\"localhost\"");
	expect(&w, "\"imapward.tls.alert_name\":\"bad_certificate\","
		   "\"imapward.tls.family\":\"nss\",\"imapward.tls.ja4\":"
		   "\"t13d161600_86a278354501_3cbfd9057e0d\","
		   "\"tls.client.ja3\":\"321945736646c67cddeeb36e11745982\","
		   "\"imapward.tls.signal\":\"plaintext_alert\","
		   "\"imapward.tls.stage\":\"handshake\","
		   "\"imapward.tls.causes\":[\"name_mismatch\"],"
		   "\"imapward.tls.confidence\":\"high\"");
	world_end(&w);
	/* Without a name nobody knows which one it was set to. */
	answered(&w, "java-tls13", ALERT("\x2e"));
	expect(&w, "\"imapward.tls.causes\":[\"name_mismatch\",\"unknown_ca\"");
	world_end(&w);
}

/* What is true of the certificate is asked when the client has left. */
static void
by_day(void)
{
	struct world w = {0};

	world_begin(&w, DOOR_TLS, 0, NULL, 1);
	CU_ASSERT_STRING_EQUAL(session_state_name(&w.session), "gate");
	w.wall = UINT64_C(2600000000000); /* 2052 */
	world_ended(&w, SIDE_CLIENT);
	expect(&w, "\"imapward.tls.signal\":\"eof\","
		   "\"imapward.tls.stage\":\"greeting\","
		   "\"imapward.tls.causes\":[\"certificate_expired\",\"probe\"]"
		   ",\"imapward.tls.confidence\":\"low\"");
	world_end(&w);
}

static void
refused_by_us(void)
{
	struct world w = {0};

	world_begin(&w, DOOR_RAW, 0, NULL, 1);
	world_client_raw(&w, hellos_recorded("rustls"));
	expect(&w, "\"imapward.tls.alert_sent\":120,\"imapward.tls.alert_name\""
		   ":\"no_application_protocol\","
		   "\"imapward.tls.family\":\"rustls\"");
	expect(&w, "\"imapward.tls.alpn_offered\":\"h2,http/1.1\","
		   "\"imapward.tls.signal\":\"our_alert\","
		   "\"imapward.tls.stage\":\"hello\","
		   "\"imapward.tls.causes\":[\"no_alpn\"],"
		   "\"imapward.tls.confidence\":\"high\"");
	world_end(&w);
	world_begin(&w, DOOR_RAW, 0, NULL, 1);
	world_client_raw(&w, hellos_recorded("openssl-tls10"));
	expect(&w, "\"imapward.tls.alert_sent\":70");
	expect(&w, "[\"no_common_version\"]");
	world_end(&w);
}

/* Alerts that we write ourselves are told like the library's. */
static void
refused_by_hand(void)
{
	struct world w = {0};

	world_begin(&w, DOOR_RAW, 0, NULL, 1);
	world_client_raw(&w, SLICE("\x16\x03\x01\x00\x05\x01\x00\x00\x01\xff"));
	expect(&w, "\"imapward.tls.alert_sent\":50,\"imapward.tls.alert_name\""
		   ":\"decode_error\",\"imapward.tls.signal\":\"malformed\"");
	world_end(&w);
}

/* A flight that nobody acknowledges was lost on the way. */
static void
lost_flight(void)
{
	struct world w = {0};

	world_begin(&w, DOOR_RAW, 0, NULL, 1);
	w.stalled[SIDE_CLIENT] = true;
	world_client_raw(&w, hellos_recorded("gnutls"));
	world_wait(&w, 15000);
	CU_ASSERT_TRUE(w.done);
	expect(&w, "\"imapward.tls.signal\":\"timeout\","
		   "\"imapward.tls.stage\":\"handshake\","
		   "\"imapward.tls.causes\":[\"path_mtu\"],"
		   "\"imapward.tls.confidence\":\"medium\"");
	world_end(&w);
	answered(&w, "gnutls", SLICE_EMPTY);
	world_wait(&w, 15000);
	CU_ASSERT_TRUE(w.done);
	expect(&w, "\"imapward.tls.signal\":\"timeout\","
		   "\"imapward.tls.stage\":\"handshake\","
		   "\"imapward.tls.causes\":[\"name_mismatch\","
		   "\"user_declined\"],");
	world_end(&w);
}

static void
stray(void)
{
	struct world w = {0};

	world_begin(&w, DOOR_STARTTLS, 0, NULL, 1);
	world_client_raw(&w, hellos_recorded("thunderbird"));
	CU_ASSERT_TRUE(w.done);
	expect(&w, "\"imapward.tls.family\":\"nss\"");
	expect(&w, "\"imapward.tls.signal\":\"tls_on_starttls\","
		   "\"imapward.tls.stage\":\"hello\","
		   "\"imapward.tls.causes\":[\"tls_on_starttls_port\"],"
		   "\"imapward.tls.confidence\":\"high\"");
	world_end(&w);
}

/* What was kept of a client goes with its first valid command. */
static void
forgotten(void)
{
	struct world w = {0};

	world_begin(&w, DOOR_TLS, 0, NULL, 1);
	CU_ASSERT_PTR_NOT_NULL(w.session.witness);
	world_client(&w, SLICE("nonsense\r\n"));
	CU_ASSERT_PTR_NOT_NULL(w.session.witness);
	world_client(&w, SLICE("a NOOP\r\n"));
	CU_ASSERT_PTR_NULL(w.session.witness);
	world_end(&w);
	world_begin(&w, DOOR_STARTTLS, 0, NULL, 1);
	CU_ASSERT_PTR_NULL(w.session.witness);
	world_client(&w, SLICE("a STARTTLS\r\n"));
	world_starttls(&w);
	CU_ASSERT_PTR_NOT_NULL(w.session.witness);
	world_client(&w, SLICE("b CAPABILITY\r\n"));
	CU_ASSERT_PTR_NULL(w.session.witness);
	world_end(&w);
}

/* Whoever can shake hands can do it a thousand times a second. */
static void
handshakes_of_a_flood(void)
{
	static struct world w;

	for (int attempt = 0; attempt < 2; attempt++) {
		w.busy = true;
		world_begin(&w, DOOR_TLS, 0, NULL, 1);
		for (unsigned i = 0; i <= FLOOD_RATE; i++)
			(void)flood_tell(&w.work->flood,
					 &w.session.peer.address, w.now);
		world_admit(&w);
		CU_ASSERT_TRUE(world_holds(&w.to_client, "* OK "));
		CU_ASSERT_FALSE(
		    world_holds(&w.events, "\"event.action\":\"tls\""));
		if (attempt > 0) {
			world_client(&w, SLICE("a LOGIN x \"\"\r\n"));
			CU_ASSERT_TRUE(world_holds(
			    &w.events, "\"event.action\":\"login\""));
		}
		world_client_close(&w);
		world_wait(&w, 60000);
		CU_ASSERT_TRUE(w.done);
		CU_ASSERT_EQUAL(
		    world_holds(&w.events, "\"event.action\":\"tls\""),
		    attempt > 0);
		CU_ASSERT_EQUAL(
		    world_holds(&w.events, "\"event.action\":\"connection\""),
		    attempt > 0);
		world_end(&w);
	}
	w.busy = false;
}

void
suite_witness(void)
{
	CU_pSuite suite = CU_add_suite("witness", NULL, NULL);

	CU_add_test(suite, "first bytes tell mail programs from others",
		    first_bytes);
	CU_add_test(suite, "a name that is not covered is the cause", by_name);
	CU_add_test(suite, "a certificate that has expired meanwhile is too",
		    by_day);
	CU_add_test(suite, "our own refusals are told", refused_by_us);
	CU_add_test(suite, "also those that the library does not say",
		    refused_by_hand);
	CU_add_test(suite, "a flight that is never acknowledged is told",
		    lost_flight);
	CU_add_test(suite, "TLS on the STARTTLS port has a family", stray);
	CU_add_test(suite, "a valid command ends the watch", forgotten);
	CU_add_test(suite, "handshakes of a flood are not told",
		    handshakes_of_a_flood);
}
