# SPDX-License-Identifier: GPL-3.0-or-later
"""Every login, every connection, every handshake is told, field by field."""

import ipaddress
import json
import os
import socket
import time

from fake import Backend
from gate import Case, needs_gate, wait_until
from ports import free_port
from wire import plain_response, trusting


@needs_gate
class Audit(Case):
    def test_a_login_is_told(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend)
        wire = self.wire(gate)
        wire.login(self.user, self.password)
        event = gate.event("login")
        self.assertEqual(event["event.outcome"], "success")
        self.assertEqual(event["event.category"], ["authentication"])
        self.assertEqual(event["user.name"], self.user)
        self.assertEqual(event["imapward.auth.mechanism"], "PLAIN")
        self.assertEqual(event["imapward.auth.attempt"], 1)
        self.assertEqual(event["imapward.backend.name"], "main")
        self.assertEqual(event["destination.ip"], "127.0.0.1")
        self.assertEqual(event["destination.port"], backend.port)
        self.assertEqual(event["source.ip"], "127.0.0.1")
        self.assertEqual(event["source.port"], wire.sock.getsockname()[1])
        self.assertEqual(event["imapward.listener"], "imaps")
        # In whole milliseconds: a quick login takes none.
        self.assertGreaterEqual(event["event.duration"], 0)
        self.assertRegex(event["imapward.session"], r"^[0-9a-f]{16}$")

    def test_the_first_login_with_a_kind_of_program_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        for number in range(2):
            wire = self.wire(gate)
            wire.login(self.user, self.password)
            wire.close()
            wait_until("its event",
                       lambda: len(gate.events("login")) > number)
        first, second = gate.events("login")
        for key in ("imapward.auth.first", "imapward.auth.first_family"):
            self.assertIs(first[key], True)
            self.assertNotIn(key, second)
        self.assertIs(second["imapward.auth.known"], True)

    def test_each_attempt_is_told_with_its_number_and_mechanism(self):
        gate = self.start_gate(self.keep(Backend()))
        wire = self.wire(gate)
        wire.greeting()
        wire.command("a", b"LOGIN alice wrong")
        wire.command("b", b"AUTHENTICATE PLAIN " +
                     plain_response("bob", "wrong"))
        wire.command("c", b"LOGIN alice correct-horse")
        wait_until("three", lambda: len(gate.events("login")) == 3)
        told = [(e["imapward.auth.attempt"], e["imapward.auth.mechanism"],
                 e["user.name"], e["event.outcome"])
                for e in gate.events("login")]
        self.assertEqual(told, [(1, "LOGIN", "alice", "failure"),
                                (2, "PLAIN", "bob", "failure"),
                                (3, "LOGIN", "alice", "success")])
        failure = gate.events("login")[0]
        self.assertEqual(failure["imapward.auth.code"],
                         "AUTHENTICATIONFAILED")
        self.assertEqual(failure["imapward.backend.code"],
                         "AUTHENTICATIONFAILED")
        self.assertEqual(len({e["imapward.session"]
                              for e in gate.events("login")}), 1)

    def test_a_handshake_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        for version, cipher in (("1.3", r"^TLS_AES_|^TLS_CHACHA20_"),
                                ("1.2", r"^TLS_ECDHE_ECDSA_WITH_")):
            with self.subTest(version):
                wire = self.wire(gate, tls=trusting(self.certs.ca, version,
                                                    alpn=["imap"]))
                wire.greeting()
                event = gate.event("tls", tls_version=version)
                self.assertEqual(event["event.outcome"], "success")
                self.assertIs(event["tls.established"], True)
                self.assertRegex(event["tls.cipher"], cipher)
                self.assertTrue(event["tls.curve"])
                self.assertEqual(event["tls.client.server_name"], "localhost")
                self.assertEqual(event["tls.next_protocol"], "imap")
                self.assertIs(event["tls.resumed"], False)

    def test_a_failed_handshake_is_told_with_its_alert(self):
        gate = self.start_gate(self.keep(Backend()))
        with self.assertRaises(OSError):  # a client that trusts nobody here
            self.wire(gate, tls=trusting(None)).greeting()
        event = gate.event("tls", event_outcome="failure")
        self.assertIs(event["tls.established"], False)
        self.assertEqual(event["imapward.tls.alert_received"], 48)  # unknown_ca
        self.assertTrue(event["event.reason"])

        with self.assertRaises(OSError):
            self.wire(gate, tls=trusting(self.certs.ca, alpn=["h2"]))
        event = wait_until("alert 120", lambda: [
            e for e in gate.events("tls")
            if e.get("imapward.tls.alert_sent") == 120])[0]
        self.assertEqual(event["event.outcome"], "failure")

    def test_a_resumed_session_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        ticket = os.path.join(self.folder, "ticket")
        for option in ("-sess_out", "-sess_in"):
            self.run_program("sh", "-c", "(sleep 0.3; echo 'a LOGOUT') | "
                             "openssl s_client -crlf -ign_eof -connect "
                             "localhost:%d %s %s" % (gate.port, option,
                                                     ticket))
        wait_until("two", lambda: len(gate.events("tls")) == 2)
        self.assertEqual([e["tls.resumed"] for e in gate.events("tls")],
                         [False, True])

    def test_the_end_of_a_connection_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        wire = self.logged_in(gate)
        wire.command("a", b"NOOP")
        wire.command("b", b"SELECT INBOX")
        time.sleep(0.1)
        wire.send(b"c LOGOUT\r\n")
        wire.rest()
        event = gate.event("connection")
        self.assertTrue(event["event.reason"])
        self.assertGreaterEqual(event["event.duration"], 100000000)
        # AUTHENTICATE, NOOP, SELECT, LOGOUT
        self.assertEqual(event["imapward.commands"], 4)
        self.assertGreater(event["source.bytes"], 40)
        self.assertGreater(event["destination.bytes"], 40)
        sessions = {e["imapward.session"] for e in gate.events()
                    if "imapward.session" in e}
        self.assertEqual(len(sessions), 1)

    def test_a_client_that_gives_up_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        self.wire(gate).close()
        self.wire(gate, clear=True).close()
        wait_until("both", lambda: len(gate.events("connection")) == 2)

    def test_a_flood_that_says_nothing_is_told_as_a_number(self):
        gate = self.start_gate(self.keep(Backend()), {
            "limits": {"connections_per_address": 1000}})
        for n in range(500):
            port = gate.clear_port if n % 2 else gate.port
            with socket.create_connection(("127.0.0.1", port), 10) as sock:
                sock.sendall(b"" if n % 4 else b"\x16\x03\x01\0\x01\0")
        self.logged_in(gate).close()

        def counted():
            return sum(e["imapward.count"] for e in gate.events("flood"))

        # Not one of them is lost, and the login is none of them.
        wait_until("everybody was told or counted",
                   lambda: counted() + len(gate.events("connection")) == 501)
        self.assertTrue(counted() > 100, gate.audit())
        self.assertEqual(gate.events("flood")[0]["source.ip"], "127.0.0.1")
        self.assertTrue(gate.event("login"))
        self.assertTrue(gate.event("connection", user_name=self.user))

    def test_so_is_one_that_shakes_hands(self):
        gate = self.start_gate(self.keep(Backend()), {
            "limits": {"connections_per_address": 1000}})
        begin = time.monotonic()
        for _ in range(300):
            self.wire(gate).close()
        seconds = time.monotonic() - begin
        self.logged_in(gate).close()
        wait_until("the one inside is told", lambda: gate.events(
            "connection", user_name=self.user))
        told = gate.events("tls")
        workers = os.cpu_count()
        self.assertLess(len(told), min(200, 25 * (seconds + 2) * workers))
        # Who logs in is told whole, though it came in the flood.
        self.assertIn(gate.event("login")["imapward.session"],
                      [e["imapward.session"] for e in told])

    def test_who_closed_first_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        self.logged_in(gate).close()
        self.assertIn("client", gate.event("connection")["event.reason"])

    def test_hostile_bytes_do_not_break_the_lines(self):
        gate = self.start_gate(self.keep(Backend()))
        names = [b'x","event.action":"start', b"\x1b[2J\x7f", b"\xff\xfe\xc0",
                 "\u202eevil\u2028".encode(), b"a\\u0000b", b"x" * 3000]
        for name in names:
            wire = self.wire(gate)
            wire.greeting()
            wire.send(b"a LOGIN {%d+}\r\n%s wrong\r\n" % (len(name), name))
            wire.line()
            wire.close()
        gate.stop()
        for line in gate.audit().splitlines():
            event = json.loads(line)
            self.assertIsInstance(event, dict)
            self.assertLess(len(line), 8192)
            self.assertFalse([c for c in line if ord(c) < 32 or
                              ord(c) == 127 or ord(c) in (0x202e, 0x2028)])
        self.assertGreaterEqual(len(gate.events("login")) +
                                len(gate.events("violation")), len(names))
        self.assertEqual(len(gate.events("start")), 1)

    def test_times_are_utc_with_milliseconds(self):
        gate = self.start_gate(self.keep(Backend()))
        self.assertRegex(gate.event("start")["@timestamp"],
                         r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_users_may_be_hashed_and_addresses_cut(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"audit": {"user": "hashed",
                                          "address": "prefix"}})
        for _ in range(2):
            self.logged_in(gate).close()
        wait_until("two", lambda: len(gate.events("login")) == 2)
        first, second = gate.events("login")
        self.assertNotIn("user.name", first)
        self.assertRegex(first["user.hash"], r"^[0-9a-f]{16}$")
        self.assertEqual(first["user.hash"], second["user.hash"])
        address = first["source.ip"].removesuffix("/24")
        self.assertEqual(str(ipaddress.ip_address(address)), "127.0.0.0")
        self.assertNotIn("alice", gate.audit())

    def test_the_clients_id_is_told(self):
        gate = self.start_gate(self.keep(Backend()))
        wire = self.wire(gate)
        wire.greeting()
        lines, verdict = wire.command("a", b'ID ("name" "Outlook" "version" '
                                      b'"16.0")')
        self.assertTrue(lines[0].startswith(b"* ID"), lines)
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        wire.command("b", b"LOGIN alice correct-horse")
        event = gate.event("login")
        self.assertIn("Outlook", event["imapward.client.id"])
        self.assertIn("16.0", event["imapward.client.id"])

    def test_an_unusable_backend_is_told_once_and_its_return_too(self):
        port = free_port()
        gate = self.start_gate(port)
        for _ in range(3):
            wire = self.wire(gate)
            wire.greeting()
            wire.command("a", b"LOGIN alice correct-horse")
        self.assertEqual([e["event.outcome"] for e in gate.events("backend")],
                         ["failure"])
        self.keep(Backend(port=port))
        self.logged_in(gate)
        self.assertEqual(gate.event("backend", event_outcome="success")
                         ["imapward.backend.name"], "main")

    def test_a_wrong_password_is_answered_no_earlier_than_the_delay(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"timeouts": {"auth_failure_delay": "1s"}})
        wire = self.wire(gate)
        wire.greeting()
        begin = time.monotonic()
        wire.command("a", b"LOGIN alice wrong")
        self.assertGreaterEqual(time.monotonic() - begin, 1)
        begin = time.monotonic()
        wire.command("b", b"LOGIN alice correct-horse")
        self.assertLess(time.monotonic() - begin, 1)
