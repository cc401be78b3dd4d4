# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that is away, dies, or is not what it should be."""

import time

from fake import Backend, Conversation
from gate import Case, needs_gate, wait_until
from ports import free_port


@needs_gate
class Away(Case):
    def test_login_is_answered_unavailable_and_the_daemon_lives(self):
        gate = self.start_gate(free_port())
        for _ in range(3):
            wire = self.wire(gate)
            wire.greeting()
            _, verdict = wire.command("a", b"LOGIN alice correct-horse")
            self.assertTrue(verdict.startswith(b"a NO [UNAVAILABLE]"), verdict)
            _, verdict = wire.command("b", b"NOOP")
            self.assertTrue(verdict.startswith(b"b OK"), verdict)
        login = gate.event("login")
        self.assertEqual(login["imapward.auth.code"], "UNAVAILABLE")
        self.assertNotEqual(login["event.outcome"], "success")
        self.assertEqual(gate.event("backend")["event.outcome"], "failure")

    def test_an_unavailable_backend_is_no_failed_login(self):
        gate = self.start_gate(free_port(), {"limits": {"login_attempts": 2}})
        wire = self.wire(gate)
        wire.greeting()
        for n in range(4):
            _, verdict = wire.command("a%d" % n,
                                      b"LOGIN alice correct-horse")
            self.assertIn(b"NO [UNAVAILABLE]", verdict)
        wire.command("b", b"NOOP")

    def test_it_is_used_again_as_soon_as_it_is_back(self):
        port = free_port()
        gate = self.start_gate(port)
        wire = self.wire(gate)
        wire.greeting()
        wire.command("a", b"LOGIN alice correct-horse")
        self.keep(Backend(port=port))
        _, verdict = wire.command("b", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)


class Dying(Conversation):
    """Dies in the middle of a literal, or at a boundary."""

    def do_FETCH(self, tag, rest):
        self.send(b"* 1 FETCH (BODY[] {1000}\r\n" + b"x" * 100)
        self.die()

    def do_NOOP(self, tag, rest):
        self.ok(tag)
        self.die()

    def do_CHECK(self, tag, rest):
        self.send(b"* 1 FETCH (FL")
        self.die()

    def die(self):
        time.sleep(0.2)
        self.hang_up()


class DyingHard(Dying):
    def die(self):
        time.sleep(0.2)
        self.hang_up(reset=True)


@needs_gate
class Dies(Case):
    def session(self, kind):
        self.gate = self.start_gate(self.keep(Backend(kind)))
        return self.logged_in(self.gate)

    def test_no_byte_is_invented_inside_a_literal(self):
        for kind in (Dying, DyingHard):
            with self.subTest(kind.__name__):
                wire = self.session(kind)
                wire.send(b"a FETCH 1 BODY[]\r\n")
                said = wire.rest()
                whole = b"* 1 FETCH (BODY[] {1000}\r\n" + b"x" * 100
                self.assertTrue(whole.startswith(said), said)
                if kind is Dying:
                    self.assertEqual(said, whole)
                reason = self.gate.event("connection")["event.reason"]
                self.assertIn("backend", reason)

    def test_no_byte_is_invented_inside_a_line(self):
        wire = self.session(Dying)
        wire.send(b"a CHECK\r\n")
        self.assertTrue(b"* 1 FETCH (FL".startswith(wire.rest()))

    def test_a_bye_is_said_at_a_boundary(self):
        wire = self.session(Dying)
        wire.send(b"a NOOP\r\n")
        wire.expect(rb"a OK")
        wire.expect(rb"\* BYE \[UNAVAILABLE\]")
        self.assertTrue(wire.ended())

    def test_a_killed_dovecot_ends_the_session_and_not_the_daemon(self):
        gate, dovecot = self.start_both()
        wire = self.logged_in(gate)
        wire.command("a", b"SELECT INBOX")
        dovecot.stop()
        self.assertRegex(wire.rest(), rb"\* BYE")
        dovecot.start()
        self.logged_in(gate)


@needs_gate
class Unfit(Case):
    """Greetings behind which no password may be sent."""

    def refused(self, kind, setting):
        """setting: what the event tells the administrator to look at."""
        backend = self.keep(Backend(kind))
        gate = self.start_gate(backend)
        wire = self.wire(gate)
        wire.greeting()
        _, verdict = wire.command("a", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"a NO [UNAVAILABLE]"), verdict)
        self.assertNotIn(b"correct-horse", backend.received())
        wait_until("an event that says why", lambda: [
            e for e in gate.events("backend")
            if setting.lower() in e.get("event.reason", "").lower()])

    def test_bye(self):
        class Bye(Conversation):
            greeting = b"* BYE too busy\r\n"
        self.refused(Bye, "BYE")

    def test_preauth(self):
        class Preauth(Conversation):
            greeting = b"* PREAUTH welcome, whoever you are\r\n"
        self.refused(Preauth, "PREAUTH")

    def test_logindisabled(self):
        class Disabled(Conversation):
            words = b"IMAP4rev1 STARTTLS LOGINDISABLED"
        self.refused(Disabled, "LOGINDISABLED")

    def test_not_imap(self):
        class Smtp(Conversation):
            greeting = b"220 mail.example.org ESMTP\r\n"
        self.refused(Smtp, "")

    def test_an_endless_greeting(self):
        class Endless(Conversation):
            def greet(self):
                self.send(b"* OK " + b"x" * 1000000)
        self.refused(Endless, "")


class Recoding(Case):
    """Credentials go to the backend in the form which it understands."""

    def logs_in(self, kind, command, answers=()):
        backend = self.keep(Backend(kind))
        gate = self.start_gate(backend)
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a " + command + b"\r\n")
        for answer in answers:
            wire.expect(rb"\+ ")
            wire.send(answer + b"\r\n")
        _, verdict = wire.until(rb"a ")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        return backend.sessions()[0]

    @needs_gate
    def test_a_server_without_sasl_gets_login(self):
        class Old(Conversation):
            words = b"IMAP4"

            def do_AUTHENTICATE(self, tag, rest):
                self.send(tag + b" BAD what?\r\n")
        session = self.logs_in(Old, b"AUTHENTICATE PLAIN "
                               b"AGFsaWNlAGNvcnJlY3QtaG9yc2U=")
        self.assertEqual(session.user, b"alice")

    @needs_gate
    def test_a_password_that_needs_a_literal_gets_one(self):
        class Utf8(Conversation):
            words = b"IMAP4rev1"
            password = "pässwörd".encode()
        session = self.logs_in(Utf8, "LOGIN alice {10+}\r\npässwörd".encode())
        login = [c for c in session.commands if b" LOGIN " in c][0]
        self.assertRegex(login, rb"\{10\+?\}\r\n")

    @needs_gate
    def test_a_server_without_initial_responses_is_waited_for(self):
        class NoIr(Conversation):
            words = b"IMAP4rev1 AUTH=PLAIN"

            def do_AUTHENTICATE(self, tag, rest):
                assert rest.upper() == b"PLAIN", rest
                super().do_AUTHENTICATE(tag, rest)
        session = self.logs_in(NoIr, b"AUTHENTICATE PLAIN "
                               b"AGFsaWNlAGNvcnJlY3QtaG9yc2U=")
        self.assertEqual(session.user, b"alice")

    @needs_gate
    def test_xoauth2_goes_through_and_its_refusal_comes_back(self):
        class Token(Conversation):
            words = b"IMAP4rev1 SASL-IR AUTH=XOAUTH2"

            def do_AUTHENTICATE(self, tag, rest):
                if rest == b"XOAUTH2 " + GOOD:
                    self.user = b"alice"
                    return self.send(tag + b" OK in\r\n")
                self.send(b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")
                self.read_line()
                self.send(tag + b" NO [AUTHENTICATIONFAILED] expired\r\n")
        gate = self.start_gate(self.keep(Backend(Token)))
        wait_until("the gate offers XOAUTH2", lambda: self.offers(gate))
        wire = self.wire(gate)
        wire.greeting()
        _, verdict = wire.command("a", b"AUTHENTICATE XOAUTH2 " + GOOD)
        self.assertTrue(verdict.startswith(b"a OK"), verdict)

        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a AUTHENTICATE XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB4AQE"
                  b"=\r\n")
        wire.expect(rb"\+ eyJzdGF0dXMiOiI0MDEifQ==")
        wire.send(b"\r\n")
        wire.expect(rb"a NO \[AUTHENTICATIONFAILED\]")

    def offers(self, gate):
        wire = self.wire(gate)
        wire.greeting()
        lines, _ = wire.command("a", b"CAPABILITY")
        return b"AUTH=XOAUTH2" in lines[0]


# user=alice^Aauth=Bearer good^A^A
GOOD = b"dXNlcj1hbGljZQFhdXRoPUJlYXJlciBnb29kAQE="
