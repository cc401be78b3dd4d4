# SPDX-License-Identifier: GPL-3.0-or-later
"""Before TLS nothing but STARTTLS is of use, and nothing said there survives."""

import re

from fake import Backend, Conversation
from gate import Case, needs_gate, wait_until
from wire import plain_response


def words(line):
    """The words of a capability list, wherever it stands in the line."""
    found = re.search(rb"CAPABILITY ([^]\r]*)", line)
    return set(found.group(1).split()) if found else set()


@needs_gate
class Starttls(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend)

    def clear(self):
        wire = self.wire(self.gate, clear=True)
        self.greeted = wire.greeting()
        return wire

    def secured(self):
        wire = self.clear()
        _, verdict = wire.command("s", b"STARTTLS")
        self.assertTrue(verdict.startswith(b"s OK"), verdict)
        wire.starttls(self.tls)
        return wire

    def capability(self, wire):
        lines, verdict = wire.command("c", b"CAPABILITY")
        self.assertTrue(verdict.startswith(b"c OK"), verdict)
        return words(lines[0])

    def nothing_reached_the_backend(self):
        self.assertEqual(self.backend.sessions(), [])
        for verb in (b"LOGIN", b"AUTHENTICATE"):
            self.assertNotIn(verb + b" ", self.backend.received())

    def test_the_list_in_clear_offers_starttls_and_no_login(self):
        wire = self.clear()
        for shown in (words(self.greeted), self.capability(wire)):
            self.assertLessEqual({b"IMAP4rev1", b"STARTTLS",
                                  b"LOGINDISABLED"}, shown)
            self.assertFalse([w for w in shown if w.startswith(b"AUTH=")])
            self.assertNotIn(b"SASL-IR", shown)

    def test_the_list_behind_tls_offers_login_and_no_starttls(self):
        shown = self.capability(self.secured())
        self.assertLessEqual({b"IMAP4rev1", b"AUTH=PLAIN", b"SASL-IR"}, shown)
        self.assertFalse({b"STARTTLS", b"LOGINDISABLED"} & shown)

    def test_login_in_clear_is_refused_and_not_forwarded(self):
        wire = self.clear()
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a NO [PRIVACYREQUIRED]"), verdict)
        self.nothing_reached_the_backend()

    def test_the_literal_of_a_login_in_clear_is_not_asked_for(self):
        wire = self.clear()
        wire.send(b"a LOGIN alice {13}\r\n")
        answer = wire.line()
        self.assertRegex(answer, rb"^(a NO \[PRIVACYREQUIRED\]|a BAD|\* BYE)")
        self.nothing_reached_the_backend()

    def test_authenticate_in_clear_is_refused_without_a_challenge(self):
        for command in (b"AUTHENTICATE PLAIN", b"AUTHENTICATE LOGIN",
                        b"AUTHENTICATE PLAIN " +
                        plain_response("alice", "correct-horse")):
            with self.subTest(command):
                _, verdict = self.clear().command("a", command)
                self.assertTrue(verdict.startswith(b"a NO [PRIVACYREQUIRED]"),
                                verdict)
        self.nothing_reached_the_backend()

    def test_noop_id_and_logout_work_in_clear(self):
        wire = self.clear()
        for text in (b"NOOP", b'ID ("name" "test")', b"ID NIL"):
            _, verdict = wire.command("a", text)
            self.assertTrue(verdict.startswith(b"a OK"), verdict)
        lines, verdict = wire.command("b", b"LOGOUT")
        self.assertTrue(lines[0].startswith(b"* BYE"), lines)
        self.assertTrue(verdict.startswith(b"b OK"), verdict)
        self.assertTrue(wire.ended())

    def test_anything_else_in_clear_gets_a_tagged_refusal(self):
        wire = self.clear()
        for text in (b"SELECT INBOX", b"ENABLE CONDSTORE", b"XYZZY",
                     b"STARTTLS now"):
            _, verdict = wire.command("a", text)
            self.assertRegex(verdict, rb"^a (BAD|NO)")
        self.nothing_reached_the_backend()

    def test_commands_in_clear_behind_starttls_end_the_connection(self):
        for behind in (b"b LOGIN alice correct-horse\r\n", b"b NOOP\r\n",
                       b"x", b"\r\n", b"b LOGIN alice {900+}\r\n"):
            with self.subTest(behind):
                wire = self.clear()
                wire.send(b"a STARTTLS\r\n" + behind)
                said = wire.rest()
                self.assertNotIn(b"b ", said)
                self.assertRegex(said, rb"^(\* BYE[^\r]*\r\n)?$")
        self.nothing_reached_the_backend()
        wait_until("five violations",
                   lambda: len(self.gate.events("violation")) == 5)

    def test_a_client_hello_in_the_same_write_as_starttls_is_refused_too(self):
        wire = self.clear()
        wire.send(b"a STARTTLS\r\n\x16\x03\x01\x02\x00\x01")
        self.assertRegex(wire.rest(), rb"^(\* BYE[^\r]*\r\n)?$")

    def test_bytes_in_clear_in_place_of_a_handshake_end_the_connection(self):
        wire = self.clear()
        wire.command("a", b"STARTTLS")
        wire.send(b"b LOGIN alice correct-horse\r\n")
        self.assertNotIn(b"b ", wire.rest())
        self.nothing_reached_the_backend()

    def test_exactly_one_line_comes_between_starttls_and_tls(self):
        wire = self.clear()
        wire.send(b"a STARTTLS\r\n")
        self.assertRegex(wire.line(), rb"^a OK ")
        wire.starttls(self.tls)  # asserts that nothing else was sent
        wire.sock.settimeout(0.5)
        with self.assertRaises(TimeoutError):  # nor a second greeting inside
            wire.sock.recv(1)

    def test_starttls_inside_tls_is_bad_and_the_session_goes_on(self):
        wire = self.secured()
        _, verdict = wire.command("a", b"STARTTLS")
        self.assertTrue(verdict.startswith(b"a BAD"), verdict)
        _, verdict = wire.command("b", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)

    def test_what_was_said_in_clear_is_forgotten(self):
        wire = self.clear()
        for n in range(3):
            wire.command("a%d" % n, b"LOGIN alice wrong")
        wire.command("s", b"STARTTLS")
        wire.starttls(self.tls)
        _, verdict = wire.command("b", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)
        login = self.gate.event("login")
        self.assertEqual(login["imapward.auth.attempt"], 1)


@needs_gate
class PlaintextNetworks(Case):
    """An old client on a named inside network may log in without TLS."""

    def test_a_named_network_may_log_in_in_clear(self):
        backend = self.keep(Backend())
        gate = self.make_gate(backend)
        imaps, imap = gate.config["listeners"]
        gate.change({"listeners": [imaps, dict(
            imap, plaintext_networks=["127.0.0.0/8"])]})
        gate.start()
        wire = self.wire(gate, clear=True)
        self.assertNotIn(b"LOGINDISABLED", words(wire.greeting()))
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)

    def test_another_network_may_not(self):
        backend = self.keep(Backend())
        gate = self.make_gate(backend)
        imaps, imap = gate.config["listeners"]
        gate.change({"listeners": [imaps, dict(
            imap, plaintext_networks=["10.0.0.0/8"])]})
        gate.start()
        wire = self.wire(gate, clear=True)
        wire.greeting()
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a NO [PRIVACYREQUIRED]"), verdict)


class Capabilities(Case):
    """The gate's list before login is the backend's, minus what must not pass."""

    class Boastful(Conversation):
        words = (b"IMAP4rev1 SASL-IR LITERAL+ ID IDLE STARTTLS "
                 b"COMPRESS=DEFLATE UNAUTHENTICATE LOGIN-REFERRALS "
                 b"AUTH=PLAIN AUTH=GSSAPI AUTH=DIGEST-MD5 AUTH=SCRAM-SHA-256 "
                 b"AUTH=SCRAM-SHA-256-PLUS MOVE")

        def verdict(self, tag, user, password):
            self.user = user
            self.send(tag + b" OK logged in\r\n")  # no list with the OK

    @needs_gate
    def test_lists_never_show_what_must_not_pass_the_gate(self):
        gate = self.start_gate(self.keep(Backend(self.Boastful)))
        wire = self.wire(gate)
        before = words(wire.greeting())
        lines, verdict = wire.command("a", b"LOGIN alice correct-horse")
        with_ok = words(verdict)
        lines, _ = wire.command("b", b"CAPABILITY")
        after = words(lines[0])
        forbidden = {b"STARTTLS", b"LOGINDISABLED", b"COMPRESS=DEFLATE",
                     b"UNAUTHENTICATE", b"LOGIN-REFERRALS", b"AUTH=GSSAPI",
                     b"AUTH=DIGEST-MD5", b"AUTH=SCRAM-SHA-256",
                     b"AUTH=SCRAM-SHA-256-PLUS"}
        for name, shown in (("before", before), ("with OK", with_ok),
                            ("after", after)):
            with self.subTest(name):
                self.assertIn(b"IMAP4rev1", shown)
                self.assertFalse(forbidden & shown)
        self.assertLessEqual({b"IDLE", b"MOVE"}, after)
        self.assertLessEqual({b"IDLE", b"MOVE"}, with_ok)
