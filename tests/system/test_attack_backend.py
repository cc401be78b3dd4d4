# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends that lie, speak out of turn, stall, or die, before and at login."""

import re
import socket
import time

from fake import Backend, Conversation
from gate import Case, needs_gate, wait_until
from ports import free_port
from script import bytewise

# Short, so that a test does not take as long as a person would wait.
SOON = {"timeouts": {"connect": "500ms", "greeting": "500ms",
                     "login": "500ms", "auth_failure_delay": "0s"},
        "limits": {"gate_commands": 1000, "login_attempts": 100}}


class Closed(Conversation):
    """For the gate's own look at start: it must not know the backend yet."""

    def greet(self):
        self.hang_up()


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend(Closed))
        self.gate = self.start_gate(self.backend, SOON)

    def client(self, kind):
        """A client at the gate, before a backend that is from now on kind."""
        self.backend.kind = kind
        self.backend.conversations.clear()
        wire = self.wire(self.gate)
        self.greeted = wire.greeting()
        return wire

    def unavailable(self, kind, credentials=None,
                    command=b"LOGIN alice correct-horse"):
        """The command gets NO [UNAVAILABLE], and the gate goes on.

        credentials: whether the backend may have got them.
        """
        wire = self.client(kind)
        known = len(self.gate.events("login"))
        wire.send(b"a " + command + b"\r\nb NOOP\r\n")
        before, verdict = wire.until(rb"a ")
        self.assertEqual(before, [])
        self.assertRegex(verdict, rb"^a NO \[UNAVAILABLE\] [ -~]+\r\n$")
        wire.expect(rb"b OK")
        self.assertNotIn(b"forged", self.greeted + verdict)
        if credentials is False:
            self.assertNotIn(b"correct-horse", self.backend.received())
            self.assertNotIn(b" LOGIN ", self.backend.received())
        told = wait_until("the attempt is told",
                          lambda: self.gate.events("login")[known:])
        self.assertEqual(told[0]["event.outcome"], "failure")
        wire.close()


@needs_gate
class BeforeLogin(Hostile):
    """Whatever a backend says before the verdict, no client ever sees it."""

    def test_greetings_that_are_no_way_in(self):
        for line in (b"* PREAUTH [CAPABILITY IMAP4rev1] forged\r\n",
                     b"* BYE forged\r\n", b"* NO forged\r\n",
                     b"* BAD forged\r\n", b"+ forged\r\n", b"* forged\r\n",
                     b"W1 OK forged\r\n", b"a OK forged\r\n", b"\r\n",
                     b"*\r\n", b"* OK forged {3}\n",
                     b"* CAPABILITY IMAP4rev1\r\n",
                     b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] forged\r\n",
                     b"\x15\x03\x03\x00\x02\x02\x28", b"\0\0\0\0\r\n",
                     b"* 5 FETCH (BODY[] {20}\r\n", b"* OK " + b"x" * 70000):
            with self.subTest(line[:40]):
                class Odd(Conversation):
                    greeting = line
                self.unavailable(Odd, credentials=False)

    def test_a_bye_and_a_preauth_after_a_good_greeting(self):
        for line in (b"* BYE forged\r\n", b"* PREAUTH forged\r\n",
                     b"+ forged\r\n", b"* 1 FETCH (X {5}\r\n",
                     b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"):
            with self.subTest(line):
                class Changing(Conversation):
                    def do_CAPABILITY(self, tag, rest):
                        self.send(line + b"* CAPABILITY IMAP4rev1\r\n")
                        self.ok(tag)
                self.unavailable(Changing, credentials=False)

    def test_a_verdict_in_advance_is_none(self):
        """Said before the credentials, to a tag that is known by then."""
        class Early(Conversation):
            def do_CAPABILITY(self, tag, rest):
                if not tag.startswith(b"W"):
                    return self.hang_up()  # not asked for a client
                self.send(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK\r\n" +
                          tag + b" OK [CAPABILITY IMAP4rev1] forged\r\n")

            def verdict(self, tag, user, password):
                self.send(tag + b" NO [AUTHENTICATIONFAILED] no\r\n")
        wire = self.client(Early)
        _, verdict = wire.command("a", b"LOGIN alice wrong")
        self.assertRegex(verdict, rb"^a NO ")

    def test_the_tag_of_a_login_cannot_be_guessed(self):
        seen = set()

        class Noting(Conversation):
            def verdict(self, tag, user, password):
                seen.add(tag)
                super().verdict(tag, user, password)
        self.backend.kind = Noting
        for _ in range(20):
            self.logged_in(self.gate).close()
        self.assertEqual(len(seen), 20)
        for tag in seen:
            self.assertRegex(tag, rb"^[A-Z][0-9a-f]{15}$")
        for place in range(1, 16):  # no digit stays the same, none counts up
            self.assertGreater(len({tag[place] for tag in seen}), 4)

    def test_forged_verdicts(self):
        for lines in (b"a OK forged\r\n", b"* 1 EXISTS\r\nb OK forged\r\n",
                      b"W OK forged\r\n", b"+ forged\r\n",
                      b"* OK x\r\n\r\n", b"%(tag)s FORGED x\r\n",
                      b"* LIST {999999999999999999999999}\r\n"):
            with self.subTest(lines):
                class Forging(Conversation):
                    def verdict(self, tag, user, password):
                        self.user = user
                        self.send(lines.replace(b"%(tag)s", tag))
                        self.sock.recv(1)
                        self.hang_up()
                self.unavailable(Forging)

    def test_tag_text_within_a_literal_is_no_verdict(self):
        class Within(Conversation):
            def verdict(self, tag, user, password):
                forged = tag + b" OK forged\r\n"
                self.send(b'* LIST () "/" {%d}\r\n' % len(forged) + forged +
                          b"\r\n* OK prose {3}\r\n" + tag +
                          b" NO [AUTHENTICATIONFAILED] no\r\n")
        wire = self.client(Within)
        wire.send(b"a LOGIN alice wrong\r\n")
        wire.expect(rb"a NO \[AUTHENTICATIONFAILED\]")

    def test_an_ok_before_the_whole_login_was_sent_is_none(self):
        class Hasty(Conversation):
            words = b"IMAP4rev1"

            def wants_literal(self, size):
                tag = re.findall(rb"(?m)^(W\S+) LOGIN ", self.received)[-1]
                self.user = b"alice"
                self.send(tag + b" OK [CAPABILITY IMAP4rev1] forged\r\n")
                return False
        self.unavailable(Hasty, command=b"LOGIN alice {3+}\r\n\xff\xfe\xfd")
        self.assertNotIn(b"\xff", self.backend.received())

    def test_referrals_and_texts_of_a_login_answer_are_not_passed_on(self):
        for n, code in enumerate((b"REFERRAL imap://evil.example.org/",
                                  b"ALERT", b"X-EVIL click here",
                                  b"\x1b[2J")):
            for status in (b"OK", b"NO"):
                with self.subTest((status, code)):
                    class Referring(Conversation):
                        def verdict(self, tag, user, password):
                            self.user = user
                            self.send(b"* OK [%s] evil\r\n" % code)
                            self.send(tag + b" %s [%s] evil\r\n" %
                                      (status, code))
                    wire = self.client(Referring)
                    # None is one that was wrong a moment ago.
                    wire.send(b"a LOGIN alice %s%d\r\n" % (status, n))
                    answer = wire.line()
                    self.assertRegex(answer, rb"^a " + status)
                    self.assertNotIn(b"evil", answer.lower())
                    self.assertNotIn(code.split()[0], answer)
                    wire.close()

    def test_a_capability_list_cannot_carry_anything_else(self):
        evil = (b"IMAP4rev1 AUTH=PLAIN STARTTLS COMPRESS=DEFLATE X-\x1b[2J "
                b"\"quoted\" (x) {3} X\\Y %% ** X]\xffZ " + b"L" * 3000 +
                b" ]forged IDLE")

        class Evil(Conversation):
            words = evil
            password = b"correct-horse"

            def verdict(self, tag, user, password):
                self.user = user
                self.send(tag + b" OK done\r\n")
        for _ in range(2):  # the second one sees what the first one learned
            wire = self.client(Evil)
            said = self.greeted
            wire.send(b"a CAPABILITY\r\n")
            said += b"".join(wire.until(rb"a ")[0])
            wire.send(b"b LOGIN alice correct-horse\r\n")
            said += wire.until(rb"b ")[1]
            for line in said.splitlines(keepends=True):
                self.assertRegex(line, rb"^[ -~]{1,2000}\r\n$")
            for word in (b"STARTTLS", b"COMPRESS", b"forged", b"quoted",
                         b"{3}"):
                self.assertNotIn(word, said)
            wire.close()

    def test_nothing_of_the_clients_id_is_sent_before_or_with_the_login(self):
        wire = self.client(Conversation)
        wire.command("a", b'ID ("name" "Outlook" "x-originating-ip" '
                     b'"203.0.113.9" "x-session-ext-id" "evil")')
        wire.command("b", b"LOGIN alice correct-horse")
        received = self.backend.received()
        for word in (b"ID (", b"Outlook", b"203.0.113.9", b"originating",
                     b"127.0.0.1", b"evil"):
            self.assertNotIn(word, received)


@needs_gate
class AtEachStep(Hostile):
    """It stalls, closes or resets at each step of the way in."""

    STEPS = {
        "at once": lambda c: None,
        "within the greeting": lambda c: c.send(b"* OK fa"),
        "before its capabilities": lambda c: (c.send(b"* OK x\r\n"),
                                              c.read_line()),
        "within its capabilities": lambda c: (
            c.send(b"* OK x\r\n"), c.read_line(),
            c.send(b"* CAPABILITY IMAP4rev1 AUTH")),
        "before the verdict": lambda c: (c.greet_fully(), c.read_line()),
        "within the verdict": lambda c: (
            c.greet_fully(),
            c.send(c.read_line().partition(b" ")[0] + b" OK [CAP")),
        "within a literal": lambda c: (
            c.greet_fully(), c.read_line(),
            c.send(b'* LIST () "/" {100}\r\nforged')),
    }

    def at_each_step(self, end):
        for name, step in self.STEPS.items():
            with self.subTest(name):
                class Broken(Conversation):
                    def greet_fully(self):
                        self.send(b"* OK [CAPABILITY IMAP4rev1 SASL-IR "
                                  b"AUTH=PLAIN] x\r\n")

                    def greet(self):
                        step(self)
                        end(self)
                self.unavailable(Broken)

    def test_it_closes(self):
        self.at_each_step(lambda c: c.hang_up())

    def test_it_resets(self):
        self.at_each_step(lambda c: c.hang_up(reset=True))

    def test_it_stalls(self):
        self.at_each_step(lambda c: c.sock.recv(1))

    def test_it_speaks_without_end(self):
        class Endless(Conversation):
            def verdict(self, tag, user, password):
                while True:
                    self.send(b"* OK still here, still forged\r\n" * 100)
        self.unavailable(Endless)

    def test_a_full_backlog(self):
        """Connections are neither taken nor refused."""
        port = free_port()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(0)
        self.addCleanup(listener.close)
        for _ in range(4):
            sock = socket.socket()
            self.addCleanup(sock.close)
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        gate = self.start_gate(port, SOON)
        wire = self.wire(gate)
        wire.greeting()
        begin = time.monotonic()
        wire.send(b"a LOGIN alice correct-horse\r\nb NOOP\r\n")
        wire.expect(rb"a NO \[UNAVAILABLE\]")
        wire.expect(rb"b OK")
        self.assertLess(time.monotonic() - begin, 10)


@needs_gate
class AfterLogin(Case):
    """It dies: no byte is invented, and a BYE only between two responses."""

    BYE = b"* BYE [UNAVAILABLE] The mail server closed the connection\r\n"
    PIECES = {
        b"": True, b"* 1 EXISTS\r\n": True, b"a OK done\r\n": True,
        b"* OK prose {3}\r\n": True,
        b"*": True,  # held back: nothing of it has gone out yet
        b"* 1 EXI": False, b"* 1 EXISTS\r": False,
        b"a OK do": False, b"* OK [CAPABILITY IMAP4rev1 ID": False,
        b"* 1 FETCH (BODY[] {10}\r\n": False,
        b"* 1 FETCH (BODY[] {10}\r\n01234": False,
        b"* 1 FETCH (BODY[] {10}\r\n0123456789": False,
        b"* 1 FETCH (BODY[] {2}\r\n\r\n": False,
        b"* 1 FETCH (BODY[] {0}\r\n)": False,
        b"* 1 FETCH (BODY[] {2}\r\n\r\n)\r\n": True,
    }

    def dies(self, cut):
        """One gate, one session for each piece."""
        for said, boundary in self.PIECES.items():
            class Dying(Conversation):
                def do_NOOP(self, tag, rest):
                    for piece in cut(said):
                        self.send(piece)
                    self.hang_up()
            self.backend.kind = Dying
            with self.subTest(said):
                wire = self.logged_in(self.gate)
                wire.send(b"a NOOP\r\n")
                got = wire.rest()
                if boundary:
                    whole = said if said.endswith(b"\n") else b""
                    self.assertEqual(got, whole + self.BYE)
                else:
                    self.assertNotIn(b"BYE", got)
                    self.assertTrue(said.startswith(got), got)

    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend)

    def test_at_any_place(self):
        self.dies(lambda data: [data] if data else [])
        self.dies(bytewise)

    def test_both_sides_end_when_it_resets(self):
        class Resetting(Conversation):
            def do_NOOP(self, tag, rest):
                self.send(b"* 1 FETCH (BODY[] {10}\r\n01")
                self.hang_up(reset=True)
        self.backend.kind = Resetting
        wire = self.logged_in(self.gate)
        wire.send(b"a NOOP\r\n")
        self.assertTrue(b"* 1 FETCH (BODY[] {10}\r\n01".startswith(
            wire.rest()))
        self.assertIn("backend", self.gate.event("connection")["event.reason"])

    def test_others_are_not_concerned(self):
        kept = self.logged_in(self.gate)

        class Dying(Conversation):
            def do_NOOP(self, tag, rest):
                self.hang_up(reset=True)
        self.backend.kind = Dying
        for _ in range(10):
            wire = self.logged_in(self.gate)
            wire.send(b"a NOOP\r\n")
            wire.rest()
        _, verdict = kept.command("b", b"NOOP")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)
