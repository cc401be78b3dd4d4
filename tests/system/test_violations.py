# SPDX-License-Identifier: GPL-3.0-or-later
"""What no honest client sends is refused, told, and never forwarded."""

import socket

from fake import Backend, Conversation
from gate import Case, needs_gate


@needs_gate
class Violations(Case):
    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend)

    def refused(self, *pieces, clear=False):
        """Before login: BAD or BYE, never OK, nothing forwarded."""
        wire = self.wire(self.gate, clear=clear)
        wire.greeting()
        for piece in pieces[:-1]:
            wire.send(piece)
            wire.expect(rb"\+")
        try:
            wire.send(pieces[-1])
        except OSError:
            pass  # closed while we were still talking
        answer = wire.line()
        self.assertRegex(answer, rb"^([!-~]+ BAD|\* BYE|$)")
        self.assertEqual(self.backend.sessions(), [])
        self.assertNotIn(b"LOGIN", self.backend.received())
        self.assertNotIn(b"AUTHENTICATE", self.backend.received())
        return wire, answer

    def closed(self, wire):
        """It goes no further than a BYE."""
        self.assertRegex(wire.rest(), rb"^(\* BYE[^\r]*\r\n)?$")

    def still_works(self, wire):
        _, verdict = wire.command("z", b"LOGIN alice correct-horse")
        self.assertTrue(verdict.startswith(b"z OK"), verdict)

    def violation(self):
        event = self.gate.event("violation")
        self.assertTrue(event["event.reason"])
        self.assertEqual(event["source.ip"], "127.0.0.1")

    # Before login

    def test_bare_lf(self):
        self.refused(b"a LOGIN alice correct-horse\nb NOOP\r\n")
        self.violation()

    def test_bare_cr(self):
        self.refused(b"a LOGIN alice correct\rhorse\r\n")
        self.violation()

    def test_nul(self):
        for line in (b"a NOOP\0\r\n", b"a LOGIN alice correct-horse\0\r\n",
                     b"\0\0\0\0\r\n", b'a LOGIN "ali\0ce" x\r\n'):
            with self.subTest(line):
                self.refused(line)
        self.violation()

    def test_an_overlong_line(self):
        wire, _ = self.refused(b"a LOGIN alice " + b"x" * 9000 + b"\r\n")
        self.violation()

    def test_an_endless_line(self):
        wire, _ = self.refused(b"a LOGIN alice " + b"x" * 1000000)
        self.closed(wire)
        self.violation()

    def test_an_overlong_line_in_clear(self):
        wire, _ = self.refused(b"a NOOP " + b"x" * 9000 + b"\r\n", clear=True)
        self.closed(wire)
        self.violation()

    def test_a_literal_that_is_too_long_is_not_asked_for(self):
        for size in (b"5000", b"9999999999", b"99999999999999999999"):
            with self.subTest(size):
                _, answer = self.refused(b"a LOGIN alice {%s}\r\n" % size)
                self.assertNotEqual(answer[:1], b"+")

    def test_a_refused_literal_is_never_read_as_commands(self):
        wire = self.wire(self.gate)
        wire.greeting()
        wire.send(b"a LOGIN alice {5000+}\r\n" +
                  b"b LOGIN alice correct-horse\r\n" * 200)
        self.assertNotIn(b"b ", wire.rest())
        self.assertEqual(self.backend.sessions(), [])

    def test_malformed_literals(self):
        for literal in (b"{}", b"{+}", b"{-1}", b"{1 }", b"{1-}", b"{01x}",
                        b"{12345678901}", b"{1++}", b"~{3}"):
            with self.subTest(literal):
                _, answer = self.refused(b"a LOGIN alice " + literal +
                                         b"\r\n")
                self.assertNotEqual(answer[:1], b"+")

    def test_something_behind_a_literal(self):
        self.refused(b"a LOGIN {5}\r\n", b"alicex {13}\r\n")
        self.refused(b"a LOGIN alice {3}\r\n", b"abcNOOP\r\n")

    def test_control_characters_in_credentials(self):
        for literal in (b"a\0b", b"a\rb", b"a\nb", b"\r\nx"):
            with self.subTest(literal):
                self.refused(b"a LOGIN alice {%d}\r\n" % len(literal),
                             literal + b"\r\n")
        # alice NUL NUL, CR LF in the password, a third NUL
        for blob in (b"AGFsaWNlAGEADQo=", b"AGFsaWNlAGENCmI=",
                     b"AGFsaWNlAGEAYg=="):
            with self.subTest(blob):
                self.refused(b"a AUTHENTICATE PLAIN " + blob + b"\r\n")

    def test_a_bad_tag(self):
        for tag in (b"*", b"+", b"", b"(", b"a{b", b'a"b', b"a\\b", b"a%b",
                    b"x" * 65):
            with self.subTest(tag):
                _, answer = self.refused(tag + b" NOOP\r\n")
                self.assertRegex(answer, rb"^(\* BAD|\* BYE|$)")

    def test_missing_and_surplus_arguments_cost_only_the_command(self):
        for line in (b"LOGIN", b"LOGIN alice", b"LOGIN alice x y",
                     b"LOGIN  alice x", b"AUTHENTICATE", b"NOOP x",
                     b"CAPABILITY x", b""):
            with self.subTest(line):
                wire, answer = self.refused(b"a " + line + b"\r\n")
                self.assertRegex(answer, rb"^(a|\*) BAD")
                self.still_works(wire)
                self.backend.conversations.clear()

    def test_an_open_quote(self):
        for line in (b'a LOGIN "alice\r\n', b'a LOGIN "alice" "x\r\n',
                     b'a LOGIN alice "x\\"\r\n'):
            with self.subTest(line):
                wire, answer = self.refused(line)
                self.assertRegex(answer, rb"^(a|\*) BAD")
                self.closed(wire)
        self.violation()

    def test_bad_base64(self):
        for response in (b"!!!!", b"AGFsaWNl AGE", b"AGFsaWNlAGE=x", b"A",
                         b"====", b"AGFsaWNlAGE"):
            with self.subTest(response):
                wire = self.wire(self.gate)
                wire.greeting()
                wire.send(b"a AUTHENTICATE PLAIN\r\n")
                wire.expect(rb"\+ ")
                wire.send(response + b"\r\n")
                wire.expect(rb"a BAD")
                self.still_works(wire)

    def test_a_command_in_place_of_a_sasl_response_is_not_run(self):
        wire = self.wire(self.gate)
        wire.greeting()
        wire.send(b"a AUTHENTICATE PLAIN\r\n")
        wire.expect(rb"\+ ")
        wire.send(b"b NOOP\r\n")
        wire.expect(rb"a BAD")

    def test_commands_of_after_login_get_bad_and_no_close(self):
        wire = self.wire(self.gate)
        wire.greeting()
        for text in (b"SELECT INBOX", b"ENABLE UTF8=ACCEPT", b"XYZZY 1 2 3",
                     b"IDLE", b"FETCH 1 BODY[]"):
            _, verdict = wire.command("a", text)
            self.assertTrue(verdict.startswith(b"a BAD"), verdict)
        self.still_works(wire)

    def test_plain_text_on_the_tls_port_is_told_what_to_change(self):
        for text in (b"a LOGIN alice correct-horse\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"EHLO example.org\r\n"):
            with self.subTest(text):
                sock = socket.create_connection(("127.0.0.1", self.gate.port),
                                                10)
                self.addCleanup(sock.close)
                sock.sendall(text)
                said = b""
                while True:
                    try:
                        more = sock.recv(1000)
                    except ConnectionResetError:
                        break
                    if not more:
                        break
                    said += more
                self.assertRegex(said, rb"^\* BYE [^\r]*TLS[^\r]*\r\n$")
                self.assertNotIn(b"alice", said)
        self.assertEqual(self.backend.sessions(), [])

    def test_broken_records_inside_tls_end_the_session(self):
        wire = self.logged_in(self.gate)
        raw = socket.socket(fileno=wire.sock.detach())
        self.addCleanup(raw.close)
        raw.settimeout(10)
        raw.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        while raw.recv(1000):
            pass
        self.assertFalse([c for c in self.backend.sessions()[0].commands
                          if b"x" * 32 in c])

    # After login

    def after_login(self, *pieces):
        """Both legs end; the backend never saw the end of the command."""
        wire = self.logged_in(self.gate)
        session = self.backend.sessions()[-1]
        known = len(session.commands)
        for piece in pieces:
            try:
                wire.send(piece)
            except OSError:
                break
        said = wire.rest()
        self.assertNotIn(b"a OK", said)
        self.assertTrue(session.ended.wait(8))
        executed = [c for c in session.commands[known:]
                    if c.endswith(b"\r\n")]
        self.assertEqual(executed, [])
        self.violation()

    def test_bare_lf_after_login(self):
        self.after_login(b"a NOOP\nb DELETE INBOX\r\n")

    def test_nul_after_login(self):
        self.after_login(b"a DELETE INB\0X\r\n")

    def test_an_open_quote_after_login(self):
        self.after_login(b'a SELECT "INBOX\r\n')

    def test_a_malformed_literal_after_login(self):
        self.after_login(b"a APPEND INBOX {12345678901234567890}\r\n")

    def test_something_behind_a_literal_after_login(self):
        self.after_login(b"a SEARCH SUBJECT {3+}\r\nabcDEF\r\n")

    def test_anything_but_done_in_idle(self):
        class Idling(Conversation):
            def do_IDLE(self, tag, rest):
                self.send(b"+ idling\r\n")
                if self.read_line() == b"DONE\r\n":
                    self.ok(tag)
        self.backend.kind = Idling
        wire = self.logged_in(self.gate)
        wire.send(b"a IDLE\r\n")
        wire.expect(rb"\+ idling")
        wire.send(b"b NOOP\r\n")
        self.assertNotIn(b" OK", wire.rest())
        self.assertNotIn(b"NOOP", self.backend.sessions()[0].received)
        self.violation()

    def test_login_after_login_is_bad_and_not_forwarded(self):
        wire = self.logged_in(self.gate)
        session = self.backend.sessions()[0]
        before = len(session.commands)
        for line in (b"LOGIN bob other", b'LOGIN "bob" {5+}\r\nother'):
            _, verdict = wire.command("a", line)
            self.assertTrue(verdict.startswith(b"a BAD"), verdict)
        wire.command("b", b"NOOP")
        self.assertEqual(session.commands[before:], [b"b NOOP\r\n"])
        self.assertNotIn(b"other", session.received)
