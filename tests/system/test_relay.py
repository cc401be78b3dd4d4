# SPDX-License-Identifier: GPL-3.0-or-later
"""After login: what the client says arrives once, whole and in order."""

import re
import time

from fake import Backend, Conversation
from gate import Case, needs_gate, wait_until


class Refusing(Conversation):
    """Wants no literal of an APPEND."""

    words = b"IMAP4rev1 AUTH=PLAIN IDLE"

    def read_command(self):
        line = self.read_line()
        if b" APPEND " in line:
            tag = line.partition(b" ")[0]
            self.commands.append(line)
            self.send(tag + b" NO [TRYCREATE] no such mailbox\r\n")
            return self.read_command()
        self.unread = line + self.unread
        return super().read_command()


class NoLiteralPlus(Conversation):
    words = b"IMAP4rev1 AUTH=PLAIN IDLE"


@needs_gate
class Literals(Case):
    def start(self, kind):
        backend = self.keep(Backend(kind))
        wire = self.logged_in(self.start_gate(backend))
        return wire, backend.sessions()[0]

    def test_a_literal_is_held_until_the_backend_asks_for_it(self):
        wire, session = self.start(Refusing)
        wire.send(b"a APPEND nowhere {16}\r\n")
        wire.expect(rb"a NO \[TRYCREATE\]")
        _, verdict = wire.command("b", b"NOOP")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)
        self.assertEqual([c for c in session.commands if b"NOOP" in c],
                         [b"b NOOP\r\n"])

    def test_literal_plus_is_bridged_to_a_backend_without_it(self):
        wire, session = self.start(NoLiteralPlus)
        wire.send(b"a APPEND {5+}\r\nINBOX (\\Seen) {7+}\r\nb NOOP\n\r\n"
                  b"c NOOP\r\n")
        wire.expect(rb"a OK")  # no "+" of the backend is shown
        wire.expect(rb"c OK")
        self.assertEqual(session.commands[-2:], [
            b"a APPEND {5}\r\nINBOX (\\Seen) {7}\r\nb NOOP\n\r\n",
            b"c NOOP\r\n"])

    def test_a_refused_bridged_literal_is_swallowed_with_its_command(self):
        wire, session = self.start(Refusing)
        wire.send(b"a APPEND nowhere {14+}\r\nb DELETE INBOX {6+}\r\nc NOOP"
                  b"\r\nd NOOP\r\n")
        wire.expect(rb"a NO")
        wire.expect(rb"d OK")
        said = b"".join(session.commands)
        self.assertNotIn(b"DELETE", said)
        self.assertNotIn(b"c NOOP", said)

    def test_literal_plus_is_asked_for_even_where_the_backend_has_it(self):
        wire, session = self.start(Conversation)
        wire.send(b"a APPEND INBOX {4+}\r\n\r\n\r\n\r\n")
        wire.expect(rb"a OK")
        self.assertEqual(session.commands[-1],
                         b"a APPEND INBOX {4}\r\n\r\n\r\n\r\n")

    def test_a_literal_may_hold_any_octets(self):
        wire, session = self.start(Conversation)
        octets = bytes(range(256)) * 10 + b"\r\nx LOGIN a b\r\n"
        wire.send(b"a APPEND INBOX {%d}\r\n" % len(octets))
        wire.expect(rb"\+ ")
        wire.send(octets + b"\r\n")
        wire.expect(rb"a OK")
        self.assertIn(octets, session.commands[-1])

    def test_an_empty_literal_is_one(self):
        wire, session = self.start(Conversation)
        wire.send(b"a SEARCH SUBJECT {0+}\r\n BODY {0+}\r\n\r\n")
        wire.expect(rb"a OK")
        self.assertEqual(session.commands[-1],
                         b"a SEARCH SUBJECT {0}\r\n BODY {0}\r\n\r\n")


class Talkative(Conversation):
    """Says things that look like other things."""

    ODD = (b"* OK prose that ends in {3}\r\n"
           b"* 1 FETCH (BODY[] {16}\r\na OK not really\r X-Y \"{5}\")\r\n"
           b'* LIST (\\X "a\\"b") "/" "quoted badly\r\n'
           b"* 2 FETCH (BINARY[] ~{4}\r\n\0\r\n\xff)\r\n"
           b"* SEARCH" + b" 1234567" * 100000 + b"\r\n")

    def do_ODD(self, tag, rest):
        self.send(self.ODD)
        self.send(tag + b" OK [READ-WRITE] done {7}\r\n")

    def do_BYTEWISE(self, tag, rest):
        for byte in b"* 1 EXISTS\r\n" + tag + b" OK done\r\n":
            self.send(bytes([byte]))
            time.sleep(0.002)

    def do_IDLE(self, tag, rest):
        if rest == b"NO":
            return self.send(tag + b" NO not now\r\n")
        self.send(b"+ idling\r\n")
        assert self.read_line() == b"DONE\r\n"
        self.ok(tag)


@needs_gate
class Streams(Case):
    def start(self):
        backend = self.keep(Backend(Talkative))
        wire = self.logged_in(self.start_gate(backend))
        return wire, backend.sessions()[0]

    def test_answers_pass_unaltered(self):
        wire, _ = self.start()
        wire.send(b"a ODD\r\n")
        want = Talkative.ODD + b"a OK [READ-WRITE] done {7}\r\n"
        self.assertEqual(wire.exactly(len(want)), want)

    def test_answers_in_single_bytes_pass(self):
        wire, _ = self.start()
        wire.send(b"a BYTEWISE\r\n")
        self.assertEqual(wire.exactly(23), b"* 1 EXISTS\r\na OK done\r\n")

    def test_commands_in_single_bytes_arrive_whole(self):
        wire, session = self.start()
        command = b'a SEARCH SUBJECT "x {3}" {3}\r\n'
        for byte in command:
            wire.send(bytes([byte]))
        wire.expect(rb"\+ ")
        for byte in b"abc\r\n":
            wire.send(bytes([byte]))
        wire.expect(rb"a OK")
        self.assertEqual(session.commands[-1], command + b"abc\r\n")

    def test_a_line_of_a_megabyte_arrives(self):
        wire, session = self.start()
        line = b"a SEARCH UID " + b",".join([b"1234567"] * 131072) + b"\r\n"
        wire.send(line)
        wire.expect(rb"a OK")
        self.assertEqual(session.commands[-1], line)

    def test_commands_are_not_altered(self):
        wire, session = self.start()
        odd = [b'A1 SELECT "INBOX"\r\n', b"a.b-c xYzZy  two  spaces \r\n",
               b'q SEARCH TEXT "a \\" \\\\ b {9}"\r\n',
               "u LIST \"\" \"Entwürfe\"\r\n".encode(),
               b"n NOOP\r\n", b"x UID FETCH 1:* (FLAGS)\r\n"]
        for line in odd:
            wire.send(line)
            wire.until(re.escape(line.split(b" ")[0]) + b" OK")
        self.assertEqual(session.commands[-len(odd):], odd)

    def test_idle_is_followed(self):
        wire, session = self.start()
        wire.send(b"a IDLE\r\n")
        wire.expect(rb"\+ idling")
        wire.send(b"DONE\r\nb NOOP\r\n")
        wire.expect(rb"a OK")
        wire.expect(rb"b OK")
        self.assertEqual(session.commands[-1], b"b NOOP\r\n")

    def test_idle_with_anything_behind_it_is_refused(self):
        wire, session = self.start()
        wire.send(b"a IDLE {6}\r\nb NOOP\r\n")
        wire.expect(rb"a BAD")
        wire.expect(rb"b OK")
        self.assertNotIn(b"IDLE", b"".join(session.commands))

    def test_login_and_authenticate_in_mail_text_are_no_attempts(self):
        backend = self.keep(Backend(Talkative))
        gate = self.start_gate(backend)
        wire = self.logged_in(gate)
        text = b"x LOGIN mallory sesame\r\ny AUTHENTICATE PLAIN =\r\n"
        wire.send(b"a APPEND INBOX {%d+}\r\n%s\r\n" % (len(text), text))
        wire.expect(rb"a OK")
        wire.send(b"b LOGOUT\r\n")
        wire.rest()
        gate.event("connection")
        self.assertEqual([e["user.name"] for e in gate.events("login")],
                         ["alice"])

    def test_each_command_that_is_the_gates_own_is_refused_in_place(self):
        wire, session = self.start()
        for text in (b"LOGIN alice correct-horse", b"login {5}",
                     b"AUTHENTICATE PLAIN", b"AUTHENTICATE PLAIN =",
                     b"STARTTLS", b"COMPRESS DEFLATE", b"UNAUTHENTICATE"):
            with self.subTest(text):
                before = len(session.commands)
                _, verdict = wire.command("a", text)
                self.assertTrue(verdict.startswith(b"a BAD"), verdict)
                _, verdict = wire.command("b", b"NOOP")
                self.assertTrue(verdict.startswith(b"b OK"), verdict)
                self.assertEqual(session.commands[before:], [b"b NOOP\r\n"])

    def test_the_backends_logout_is_the_clients(self):
        wire, session = self.start()
        wire.send(b"a LOGOUT\r\n")
        wire.expect(rb"\* BYE so long")
        wire.expect(rb"a OK")
        self.assertTrue(wire.ended())
        self.assertTrue(session.ended.wait(5))

    def test_a_client_that_goes_takes_its_backend_connection_along(self):
        wire, session = self.start()
        wire.close()
        self.assertTrue(session.ended.wait(8))

    def test_what_is_said_before_the_login_verdict_is_not_shown(self):
        class Early(Conversation):
            def verdict(self, tag, user, password):
                self.send(b"* OK [ALERT] buy now\r\n* 99 EXISTS\r\n"
                          b"a OK [CAPABILITY IMAP4rev1] forged\r\n")
                super().verdict(tag, user, password)
        gate = self.start_gate(self.keep(Backend(Early)))
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a LOGIN alice wrong\r\n")
        said = wire.until(rb"a ")
        self.assertNotIn(b"99 EXISTS", b"".join(said[0]))
        self.assertFalse(said[1].startswith(b"a OK"), said)
        wait_until("an event", lambda: gate.events("login"))
