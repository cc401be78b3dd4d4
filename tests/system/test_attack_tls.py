# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS to clients: what is spoken, what is refused, and how it ends."""

import os
import select
import signal
import socket
import ssl
import subprocess
import threading
import time

from fake import Backend, Conversation
from gate import Case, needs_gate, trusting, wait_until
from hello import (ALERT, BASICS, GOOD, GOOD_13, HANDSHAKE, TLS13,
                   alpn_extension, answer, chosen, client_hello, counted,
                   extension, record, tls13)
from processes import descriptors
from processes import processor_seconds
from script import Sliced, bytewise, everything, raw_connection
from sessions import save_ticket, saved_ticket

FATAL = 2
(UNEXPECTED_MESSAGE, HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, PROTOCOL_VERSION,
 NO_APPLICATION_PROTOCOL) = 10, 40, 47, 70, 120
VERSIONS = ("1.2", "1.3")


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend)

    def client(self, version=None, **more):
        """A client that sees records."""
        context = more.pop("context", None) or trusting(self.certs.ca, version)
        wire = Sliced(self.gate.port, context, **more)
        self.addCleanup(wire.close)
        return wire

    def openssl_client(self, version):
        """openssl(1), which does odd things on demand; it was greeted."""
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", "localhost:%d" %
             self.gate.port, version, "-CAfile", self.certs.ca],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        said = b""
        while b"* OK" not in said:
            said += client.stdout.read(65536)
        return client

    def alerted(self, alert, *pieces):
        """The answer is this alert, and the end."""
        kind, body = answer(self.gate.port, *pieces)
        self.assertEqual((kind, body), (ALERT, bytes([FATAL, alert])))

    def alerted_somehow(self, *pieces):
        kind, body = answer(self.gate.port, *pieces)
        self.assertEqual((kind, body[:1]), (ALERT, bytes([FATAL])))

    def nobody_got_in(self):
        self.assertEqual(self.backend.sessions(), [])


@needs_gate
class Spoken(Tls):
    def test_old_versions_get_alert_70(self):
        for version in (0x0300, 0x0301, 0x0302):
            with self.subTest(hex(version)):
                self.alerted(PROTOCOL_VERSION, client_hello(
                    range(0xc001, 0xc031), version=version))

    def test_only_1_2_and_1_3_are_spoken(self):
        for version in VERSIONS:
            self.assertEqual(self.client(version).tls.version(),
                             "TLSv" + version)
        self.gate.policies("modern")
        self.gate.reload()
        self.alerted(PROTOCOL_VERSION, client_hello(sorted(GOOD)))

    def test_no_cbc_no_rsa_key_exchange_no_other_relic(self):
        """Every number that is not ECDHE with an AEAD, a hundred a hello."""
        all_others = [s for s in (*range(0x0000, 0x0100),
                                  *range(0xc000, 0xc100), *GOOD_13,
                                  *range(0xcc00, 0xccff)) if s not in GOOD]
        for name in ("leaf", "rsa"):
            self.gate.present(name)
            self.gate.reload()
            for at in range(0, len(all_others), 100):
                with self.subTest((name, hex(all_others[at]))):
                    self.alerted(HANDSHAKE_FAILURE, client_hello(
                        all_others[at:at + 100]))
            kind, body = answer(self.gate.port, client_hello(sorted(GOOD)))
            self.assertEqual(kind, HANDSHAKE)
            version, suite, _ = chosen(body)
            self.assertEqual(version, 0x0303)
            self.assertIn(suite, GOOD)

    def test_1_3_has_its_three_suites_only(self):
        for suites in ([0x1304], [0x1305], [0x00ff], [0x1300, 0x1306]):
            with self.subTest(suites):
                self.alerted_somehow(client_hello(suites, BASICS + TLS13))

    def test_no_compression(self):
        _, body = answer(self.gate.port, client_hello(
            sorted(GOOD), compression=b"\x01\x40\x00"))
        self.assertEqual(chosen(body)[2], 0)
        self.alerted_somehow(client_hello(sorted(GOOD), compression=b"\x01"))
        self.alerted_somehow(client_hello(sorted(GOOD_13), BASICS + TLS13,
                                          compression=b"\x01\x00"))

    def test_alpn_imap_is_chosen_and_anything_else_alone_is_alert_120(self):
        for version in VERSIONS:
            for offer in (["imap"], ["h2", "imap"], None):
                with self.subTest((version, offer)):
                    wire = self.client(context=trusting(
                        self.certs.ca, version, alpn=offer))
                    self.assertEqual(wire.tls.selected_alpn_protocol(),
                                     "imap" if offer else None)
        for offer in ([b"h2"], [b"IMAP"], [b"imaps"], [b"http/1.1", b"ima"]):
            for suites, more in ((GOOD, b""), (GOOD_13, TLS13)):
                with self.subTest((offer, bool(more))):
                    self.alerted(NO_APPLICATION_PROTOCOL, client_hello(
                        sorted(suites), BASICS + more +
                        alpn_extension(*offer)))
        self.nobody_got_in()

    def test_renegotiation_is_refused_and_changes_nothing(self):
        client = self.openssl_client("-tls1_2")
        client.stdin.write(b"R\n")
        said = client.communicate(timeout=20)[0]
        self.assertIn(b"RENEGOTIATING", said)
        self.assertRegex(said, rb"no renegotiation|alert|error")
        self.assertNotIn(b"depth=", said)  # no second certificate
        self.gate.event("connection")
        self.assertEqual(len(self.gate.events("tls")), 1)

    def test_key_updates_without_end_end_the_connection(self):
        client = self.openssl_client("-tls1_3")
        relay = self.gate.relay()
        spent = processor_seconds(relay)
        count = 0
        while count < 5000 and self.updates_keys(client):
            count += 1
        self.assertGreater(count, 100)
        self.assertLess(count, 1000)
        self.assertEqual(self.gate.event("connection")["event.reason"],
                         "too many TLS records without text")
        self.assertLess(processor_seconds(relay) - spent, 2)

    def updates_keys(self, client):
        """One key update, and an answer is asked for. False: it is over."""
        said = b""
        try:
            client.stdin.write(b"K\n")
        except BrokenPipeError:
            return False
        while b"KEYUPDATE" not in said:
            part = client.stdout.read(65536)
            if not part:
                return False
            said += part
        return True

    def test_no_0_rtt(self):
        ticket = os.path.join(self.folder, "ticket")
        self.run_program("sh", "-c", "(sleep 0.3; echo 'a LOGOUT') | openssl "
                         "s_client -tls1_3 -crlf -ign_eof -connect "
                         "localhost:%d -sess_out %s" % (self.gate.port,
                                                        ticket))
        text = self.succeeds("openssl", "sess_id", "-noout", "-text", "-in",
                             ticket)
        self.assertIn(b"TLS session ticket", text)
        self.assertRegex(text, rb"Max Early Data: 0\b")

    def test_early_data_is_never_read_as_commands(self):
        identity = counted(counted(os.urandom(100), 2) + os.urandom(4), 2)
        hello = client_hello(sorted(GOOD_13), BASICS + TLS13 + extension(
            45, b"\x01\x01") + extension(42, b"") + extension(
            41, identity + counted(counted(os.urandom(32), 1), 2)))
        sock = raw_connection(self.gate.port)
        self.addCleanup(sock.close)
        sock.sendall(hello + record(
            23, b"a LOGIN alice correct-horse\r\n" + os.urandom(40), 0x0303))
        sock.shutdown(socket.SHUT_WR)
        self.assertNotIn(b"IMAP", everything(sock))
        self.nobody_got_in()

    def test_a_resumed_session_logs_in_anew(self):
        for version in VERSIONS:
            with self.subTest(version):
                context = trusting(self.certs.ca, version)
                first = self.client(context=context)
                first.login(self.user, self.password)
                ticket = first.tls.session
                first.close()
                known = len(self.backend.sessions())
                again = self.client(context=context, session=ticket)
                self.assertTrue(again.tls.session_reused)
                again.greeting()
                _, verdict = again.command("a", b"SELECT INBOX")
                self.assertTrue(verdict.startswith(b"a BAD"), verdict)
                self.assertEqual(len(self.backend.sessions()), known)
                _, verdict = again.command("b", b"LOGIN alice wrong")
                self.assertTrue(verdict.startswith(b"b NO"), verdict)
                again.close()

    def test_a_ticket_of_other_names_or_another_policy_opens_nothing(self):
        """A renewed certificate for the same names opens it."""
        context = trusting(self.certs.ca, "1.2")
        context.check_hostname = False
        first = self.client(context=context)
        first.greeting()
        ticket = first.tls.session
        for name, policy, opens in (("second", "intermediate", True),
                                    ("other", "intermediate", False),
                                    ("leaf", "own", False),
                                    ("leaf", "intermediate", True)):
            self.gate.present(name)
            self.gate.change({"tls_policies": [{"name": "own",
                                                "sni": "required"}]})
            self.gate.policies(policy)
            self.gate.reload()
            again = self.client(context=context, session=ticket)
            self.assertEqual(again.tls.session_reused, opens, (name, policy))
            again.greeting()

    def visit(self, version, *arguments):
        """What s_client says of a visit with or without a ticket."""
        return self.run_program(
            "sh", "-c", "echo 'a LOGOUT' | openssl s_client -tls%s -crlf "
            "-ign_eof -CAfile %s -connect localhost:%d %s" % (
                version.replace(".", "_"), self.certs.ca, self.gate.port,
                " ".join(arguments))).stdout

    def test_an_altered_or_cut_ticket_means_a_full_handshake(self):
        path = os.path.join(self.folder, "ticket")
        altered = os.path.join(self.folder, "altered")
        for version in VERSIONS:
            self.visit(version, "-sess_out", path)
            self.assertIn(b"Reused", self.visit(version, "-sess_in", path))
            good = saved_ticket(path)
            bad = [good[:n] for n in (1, 16, 60, len(good) - 1)]
            bad += [os.urandom(len(good)), bytes(len(good)), good[:16] +
                    os.urandom(len(good) - 16)]
            # Other servers' are longer than any of ours.
            bad += [os.urandom(n) for n in (300, 1024, 4096, 12000)]
            bad += [good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
                    for at in (0, 15, 16, 27, 33, 34, len(good) - 40,
                               len(good) - 17)]
            for ticket in bad:
                save_ticket(path, altered, ticket)
                said = self.visit(version, "-sess_in", altered)
                with self.subTest((version, len(ticket), ticket[:40])):
                    self.assertNotIn(b"Reused", said)
                    self.assertIn(b"* OK", said)
                    self.assertIn(b"a OK", said)

    def test_a_client_without_tickets_is_served(self):
        for version in VERSIONS:
            self.assertIn(b"a OK", self.visit(version, "-no_ticket"))


@needs_gate
class Garbage(Tls):
    BYE = rb"\* BYE This port speaks TLS [^\r\n]*\r\n"

    def test_every_first_byte_that_is_no_tls_gets_the_bye_and_no_more(self):
        text = b" LOGIN alice correct-horse\r\nb CAPABILITY\r\n"
        for first in range(256):
            sock = raw_connection(self.gate.port)
            sock.sendall(bytes([first]) + text)
            if first == HANDSHAKE:
                sock.shutdown(socket.SHUT_WR)
            said = everything(sock)
            sock.close()
            with self.subTest(first):
                if first == HANDSHAKE:
                    self.assertRegex(said, rb"(?s)\A(\x15\x03...\x02.)?\Z")
                else:
                    self.assertRegex(said, rb"\A" + self.BYE + rb"\Z")
        self.nobody_got_in()

    def test_hellos_that_do_not_add_up_get_an_alert(self):
        good = client_hello(sorted(GOOD))
        for bad in (
                good[:43] + b"\xff" + good[44:],              # session id
                good[:9] + b"\x09\x09" + good[11:],           # version 9.9
                record(22, b"\x01\0\0\x02\x03\x03"),          # too short
                record(22, b"\x02" + good[6:]),               # ServerHello
                record(22, b"\x10\0\0\x01\0"),                # out of order
                record(22, b""), b"\x16\x03\x01\xff\xff",     # lengths
                client_hello([]),
                client_hello(sorted(GOOD), BASICS + BASICS),  # twice
                client_hello(sorted(GOOD), BASICS + extension(16, b"\0\1")),
                client_hello(sorted(GOOD), BASICS + extension(0, b"\xff" * 9)),
                client_hello(range(5000)) * 3,
        ):
            with self.subTest(bad[:60]):
                self.alerted_somehow(bad)
        self.nobody_got_in()

    def test_key_shares_that_are_no_keys_get_an_alert(self):
        for key in (bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\x09",
                    b"", bytes(64)):
            with self.subTest(key):
                self.alerted_somehow(client_hello(sorted(GOOD_13),
                                                  BASICS + tls13(key)))
        self.nobody_got_in()

    def test_a_hello_in_single_bytes_or_in_many_records_is_one(self):
        wire = self.client(cut=bytewise)
        wire.greeting()
        for suites, more in ((GOOD, b""), (GOOD_13, TLS13)):
            for size in (1, 2, 3, 4, 5, 50):
                with self.subTest((bool(more), size)):
                    kind, _ = answer(self.gate.port, self.in_records(
                        size, suites, BASICS + more))
                    self.assertEqual(kind, HANDSHAKE)

    def in_records(self, size, suites, extensions):
        hello = client_hello(sorted(suites), extensions)[5:]
        return b"".join(record(HANDSHAKE, hello[at:at + size])
                        for at in range(0, len(hello), size))

    def test_an_alert_is_said_before_closing_at_any_stage(self):
        for version in VERSIONS:
            for broken in (record(23, b"x" * 32, 0x0303),
                           record(22, b"x" * 32, 0x0303),
                           record(23, b"", 0x0303),
                           b"\x17\x03\x03\xff\xff",
                           b"\x99\x03\x03\x00\x01x",
                           b"a NOOP\r\n"):
                for inside in (False, True):
                    with self.subTest((version, broken, inside)):
                        wire = self.client(version)
                        if inside:
                            wire.login(self.user, self.password)
                        else:
                            wire.greeting()
                        wire.raw.sendall(broken)
                        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert"):
                            while wire.more():
                                pass
                        wire.close()

    def test_nothing_behind_a_broken_record_is_read(self):
        wire = self.client("1.2")
        wire.login(self.user, self.password)
        wire.tls.write(b"a DELETE INBOX\r\n")
        good = wire.outgoing.read()
        wire.raw.sendall(record(23, b"x" * 40, 0x0303) + good)
        self.assertTrue(self.backend.sessions()[0].ended.wait(8))
        self.assertNotIn(b"DELETE", self.backend.received())


@needs_gate
class Stalled(Case):
    def stages(self):
        """How far a client may come before it stops."""
        hello = client_hello(sorted(GOOD))
        return [b"", hello[:1], hello[:20], hello[:-1], hello,
                hello + record(22, b"\x10\0\0\x21"), record(20, b"\x01")]

    def test_a_handshake_that_stops_anywhere_ends_at_its_deadline(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"timeouts": {"handshake": "1s"}})
        begin = time.monotonic()
        socks = []
        for stage in self.stages():
            sock = raw_connection(gate.port)
            self.addCleanup(sock.close)
            sock.sendall(stage)
            socks.append(sock)
        for sock in socks:
            everything(sock)
        self.assertLess(time.monotonic() - begin, 8)
        told = wait_until("all are told", lambda: len(
            gate.events("tls")) == len(socks) and gate.events("tls"))
        self.assertEqual({e["tls.established"] for e in told}, {False})

    def stall(self, gate, count, source=None):
        stages = self.stages()[:-1]
        for n in range(count):
            sock = raw_connection(gate.port, source=source)
            self.addCleanup(sock.close)
            sock.sendall(stages[n % len(stages)])

    def limited(self, gate, rule):
        """How many connections that rule has ended or refused."""
        return sum(e["imapward.count"] for e in gate.events("limit")
                   if e["rule.name"] == "limits." + rule)

    def test_200_stalled_handshakes_do_not_delay_others(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"connections_per_address": 1000}})
        early = self.logged_in(gate)
        self.stall(gate, 200)
        for _ in range(5):
            early.command("a", b"NOOP")
            self.logged_in(gate, source="127.0.0.2").command("a", b"NOOP")
        # All that while nobody had to make room for them.
        self.assertEqual(self.limited(gate, "handshakes"), 0)
        # Who shares the address waits for those that have stalled to go.
        self.logged_in(gate).command("a", b"NOOP")
        self.assertGreater(self.limited(gate, "handshakes_per_address"), 0)
        early.command("b", b"NOOP")

    def test_stalled_handshakes_make_room_for_strangers(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"limits": {"handshakes": 20}})
        early = self.logged_in(gate)
        for n in range(10):
            self.stall(gate, 3, "127.0.1.%d" % n)
        for n in range(5):
            self.logged_in(gate, source="127.0.2.%d" % n)
        wait_until("who made room is told", lambda: self.limited(
            gate, "handshakes") > 0)
        self.assertEqual(self.limited(gate, "handshakes_per_address"), 0)
        self.assertTrue([e for e in gate.events("connection")
                         if e["event.reason"] == "made room for others"])
        early.command("a", b"NOOP")

    def test_who_drips_makes_room_as_who_says_nothing(self):
        gate = self.start_gate(self.keep(Backend()), {
            "limits": {"handshakes": 10}, "timeouts": {"handshake": "60s"}})
        crowd = [raw_connection(gate.port, source="127.0.1.%d" % n)
                 for n in range(10)]
        for sock in crowd:
            self.addCleanup(sock.close)
            sock.sendall(client_hello(sorted(GOOD)))
        ended = threading.Event()
        self.addCleanup(ended.set)

        def drip():  # a key exchange, in records of one byte
            for part in [b"\x10\0\0\x42"] + [b"\4"] * 65:
                for sock in crowd:
                    try:
                        sock.sendall(record(HANDSHAKE, part, 0x0303))
                    except OSError:
                        pass
                if ended.wait(0.4):
                    return
        threading.Thread(target=drip, daemon=True).start()
        time.sleep(0.5)
        begin = time.monotonic()
        self.logged_in(gate, source="127.0.2.1")
        self.assertLess(time.monotonic() - begin, 8)
        ended.set()

    def test_a_handshake_after_starttls_needs_a_place_too(self):
        gate = self.start_gate(self.keep(Backend()), {
            "limits": {"handshakes_per_address": 2}})
        stalled = []
        for _ in range(2):
            wire = self.wire(gate, clear=True)
            wire.greeting()
            _, verdict = wire.command("a", b"STARTTLS")
            self.assertTrue(verdict.startswith(b"a OK"))
            stalled.append(wire)
        # In clear nobody is kept out; behind STARTTLS the oldest makes room.
        wire = self.wire(gate, clear=True)
        wire.greeting()
        wire.command("a", b"STARTTLS")
        wire.starttls(self.tls)
        wire.command("b", b"NOOP")
        self.assertEqual(stalled[0].rest(), b"")
        wait_until("it is told", lambda: self.limited(
            gate, "handshakes_per_address") > 0)

    def test_who_finds_no_place_in_time_is_closed_and_told(self):
        gate = self.start_gate(self.keep(Backend()), {
            "limits": {"handshakes": 1}, "timeouts": {"handshake": "500ms"}})
        socks = [raw_connection(gate.port) for _ in range(6)]
        said = [everything(sock) for sock in socks]
        self.assertGreaterEqual(said.count(b""), 4)  # no TLS, not a word
        self.assertGreaterEqual(len(wait_until(
            "they are told", lambda: gate.events(
                "connection", event_reason="too many handshakes at once"))), 1)
        wait_until("all are told", lambda: self.limited(
            gate, "handshakes") >= 4)
        self.logged_in(gate)

    def test_handshakes_wait_behind_those_who_are_inside(self):
        """Sixty hellos and one command are there at once: the command's way
        to the backend takes a few handshakes' time, not that of all."""
        crowd, done = [], []

        class Counting(Conversation):
            def do_XCOUNT(self, tag, rest):
                os.kill(relay, signal.SIGSTOP)
                ready, _, _ = select.select(crowd, [], [], 0)
                os.kill(relay, signal.SIGCONT)
                done.append(len(ready))
                self.ok(tag)

        gate = self.make_gate(self.keep(Backend(Counting)),
                              {"process": {"workers": 1}})
        gate.present("slow")  # signing takes milliseconds
        gate.start()
        relay = gate.relay()
        early = self.logged_in(gate)
        held = len(descriptors(relay))
        for _ in range(60):
            crowd.append(raw_connection(gate.port))
            self.addCleanup(crowd[-1].close)
        wait_until("all are accepted",
                   lambda: len(descriptors(relay)) == held + 60)
        os.kill(relay, signal.SIGSTOP)
        for sock in crowd:
            sock.sendall(client_hello(sorted(GOOD)))
        early.send(b"a XCOUNT\r\n")
        os.kill(relay, signal.SIGCONT)
        early.expect(rb"a OK")
        self.assertLess(done[0], 20)
        for sock in crowd:
            self.assertEqual(sock.recv(1), bytes([HANDSHAKE]))

    def test_hundreds_at_once_are_all_served(self):
        gate = self.start_gate(self.keep(Backend()), {"limits": {
            "connections_per_address": 1000, "handshakes_per_address": 1000}})
        socks = [raw_connection(gate.port) for _ in range(300)]
        for sock in socks:
            self.addCleanup(sock.close)
        for sock in socks:
            sock.sendall(client_hello(sorted(GOOD)))
        for sock in socks:
            self.assertEqual(sock.recv(1), bytes([HANDSHAKE]))


@needs_gate
class Farewell(Tls):
    """However a session ends, TLS ends it: close_notify, not a bare FIN."""

    def said_goodbye(self, wire):
        said = b""
        while True:
            data = wire._pump(wire.tls.read, 65536)  # SSLEOFError: bare FIN
            if not data:
                return said
            said += data

    def both(self):
        for version in VERSIONS:
            with self.subTest(version):
                yield self.client(version)

    def test_after_logout_before_and_after_login(self):
        for wire in self.both():
            wire.greeting()
            wire.send(b"a LOGOUT\r\n")
            self.assertIn(b"a OK", self.said_goodbye(wire))
        for wire in self.both():
            wire.login(self.user, self.password)
            wire.send(b"a LOGOUT\r\n")
            self.assertIn(b"a OK", self.said_goodbye(wire))

    def test_after_a_violation_before_and_after_login(self):
        for wire in self.both():
            wire.greeting()
            wire.send(b"a NOOP\0\r\n")
            self.assertIn(b"* BYE", self.said_goodbye(wire))
        for wire in self.both():
            wire.login(self.user, self.password)
            wire.send(b"a NOOP\0\r\n")
            self.assertIn(b"* BYE", self.said_goodbye(wire))

    def test_after_the_backends_end_also_within_a_response(self):
        class Dying(Conversation):
            def do_NOOP(self, tag, rest):
                self.send(b"* 1 FETCH (BODY[] {10}\r\n0")
                self.hang_up()

            def do_CHECK(self, tag, rest):
                self.hang_up()
        self.backend.kind = Dying
        for wire in self.both():
            wire.login(self.user, self.password)
            wire.send(b"a NOOP\r\n")
            self.assertTrue(self.said_goodbye(wire).endswith(b"}\r\n0"))
        for wire in self.both():
            wire.login(self.user, self.password)
            wire.send(b"a CHECK\r\n")
            self.assertIn(b"* BYE", self.said_goodbye(wire))

    def test_after_a_deadline_and_when_the_daemon_stops(self):
        self.gate.change({"timeouts": {"gate_first": "300ms"}})
        self.gate.reload()
        for wire in self.both():
            wire.greeting()
            self.assertIn(b"* BYE", self.said_goodbye(wire))
        wire = self.client()
        wire.login(self.user, self.password)
        self.gate.signal(signal.SIGTERM)
        self.assertIn(b"* BYE", self.said_goodbye(wire))
