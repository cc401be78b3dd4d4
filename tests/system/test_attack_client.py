# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client may say before login, cut at every byte: one meaning, or none."""

import time

from fake import Backend, Conversation, arguments
from gate import Case, needs_gate, wait_until
from processes import processor_seconds
from script import Sliced, bytewise, everything, raw_connection, whole
from wire import plain_response

BAD = rb"\A(\* BAD|x BAD|\* BYE)[^\r]*\r\n"
CLOSED = rb"(\* BYE[^\r]*\r\n)?\Z"
BEHIND = b"y LOGIN mallory correct-horse\r\n"


@needs_gate
class Rows(Case):
    """Section 3 of security.md, row by row."""

    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend, {
            "timeouts": {"auth_failure_delay": "0s"},
            "limits": {"gate_commands": 100, "login_attempts": 100}})

    def client(self, cut):
        wire = Sliced(self.gate.port, self.tls, cut)
        self.addCleanup(wire.close)
        wire.greeting()
        return wire

    def says(self, text, cut):
        """What is answered to the text with a LOGOUT behind it."""
        wire = self.client(cut)
        try:
            for piece in cut(text + b"\r\nz LOGOUT\r\n"):
                wire.send(piece)
        except OSError:
            pass  # closed while we were still talking
        said = wire.rest()
        wire.close()
        return said

    def each(self, texts, pattern, never=None):
        """Each text, in one write and byte by byte, on a connection each.

        What is answered to it matches the pattern, and never the other one.
        """
        for text in texts:
            for cut in (whole, bytewise) if len(text) < 400 else (whole,):
                with self.subTest((text[:80], cut.__name__)):
                    said = self.says(text, cut)
                    self.assertRegex(said, pattern)
                    if never:
                        self.assertNotRegex(said, never)

    def nothing_was_forwarded(self):
        self.assertEqual(self.backend.sessions(), [])
        self.assertNotRegex(self.backend.received(),
                            rb"LOGIN|AUTHENTICATE|mallory")

    def refused(self, *texts, then=CLOSED):
        """BAD or BYE, then the end (or what `then` says)."""
        self.each(texts, BAD + then)
        self.nothing_was_forwarded()

    def refused_alone(self, *texts):
        """BAD for this command; the next one is read as such."""
        self.refused(*texts, then=rb"\* BYE [^\r]*\r\nz OK [^\r]*\r\n\Z")

    def test_bare_lf_bare_cr_and_nul(self):
        for bad in (b"\n", b"\r", b"\0", b"\r\r\n", b"\n\r\n"):
            self.refused(*[text.replace(b"#", bad) for text in (
                b"x NOOP#" + BEHIND, b"x LOGIN alice corr#ect",
                b'x LOGIN "ali#ce" x', b"x#y NOOP", b"#x NOOP",
                b"x LOGIN {5+}\r\nalice#x", b"x AUTHENTICATE PLAIN#" + BEHIND)])

    def test_cr_lf_and_nul_in_credentials(self):
        for bad in (b"\n", b"\r", b"\0", b"\r\n"):
            name = b"a" + bad + b"b"
            self.refused_alone(
                b"x LOGIN {%d+}\r\n%s y" % (len(name), name),
                b"x LOGIN alice {%d+}\r\n%s" % (len(name), name),
                b"x AUTHENTICATE PLAIN " + plain_response(
                    name.decode(), "y"),
                b"x AUTHENTICATE PLAIN " + plain_response(
                    "alice", "correct-horse" + bad.decode()),
                b"x AUTHENTICATE PLAIN " + plain_response(
                    "alice", "y", authzid="r" + bad.decode()))

    def test_tags(self):
        for tag in (b"", b"*", b"+", b"a{1", b"a(", b"a)", b"a%", b'a"',
                    b"a\\", b"a*", b"a+", b"\xff", b"a\x7f", b"a\x1b",
                    b"t" * 65):
            self.each([tag + b" NOOP"],
                      rb"\A\* BAD [^\r]*\r\n(\* BYE|\Z)")
        self.each([b"t" * 64 + b" NOOP", b"]@#.- NOOP"], rb"\A\S+ OK ")

    def test_sizes_of_literals(self):
        self.each([b"x LOGIN alice {" + size + b"}" for size in (
            b"", b"+", b"-1", b" 1", b"1 ", b"1-", b"1++", b"0x1", b"1+1",
            b"12345678901", b"12345678901+", b"9" * 30, b"1}{1", b"\xb9",
            b"1.0")], BAD, never=rb"(?m)^\+")
        self.each([b"x LOGIN alice {%d}" % size for size in (
            4097, 65536, 4294967296, 9999999999)],
            rb"\Ax BAD [^\r]*\r\n\* BYE [^\r]*\r\nz OK")
        self.nothing_was_forwarded()

    def test_what_follows_a_malformed_literal_is_never_a_command(self):
        self.each([b"x LOGIN alice {" + size + b"}\r\n" + BEHIND for size in (
            b"+", b"12345678901+", b"9" * 30 + b"+", b"1++", b"-1+", b"+1+",
            b"0x1+", b"1.0+")], BAD, never=rb"(?m)^y ")
        self.nothing_was_forwarded()

    def test_a_refused_literal_is_swallowed_exactly_or_ends_it_all(self):
        contents = [(BEHIND * (size // len(BEHIND) + 1))[:size]
                    for size in (4097, 5000, 70000)]
        self.each([b"x LOGIN alice {%d+}\r\n%s" % (len(content), content)
                   for content in contents],
                  rb"\Ax BAD [^\r]*\r\n\* BYE [^\r]*\r\nz OK [^\r]*\r\n\Z")
        self.each([b"x SELECT {%d+}\r\n%s {%d+}\r\n%s" %
                   (len(BEHIND), BEHIND, len(BEHIND), BEHIND),
                   b"x LOGIN {999999999+}\r\n" + BEHIND * 9],
                  BAD, never=rb"(?m)^y ")
        self.nothing_was_forwarded()

    def test_what_may_follow_a_literal(self):
        self.refused(*[b"x LOGIN {5+}\r\nalice" + behind for behind in (
            b"x y", b"\ty", b'"y"', b"{1+}\r\ny", b"\0", b"y NOOP\r\n")])
        self.refused_alone(b"x LOGIN {5+}\r\nalice) y",
                           b"x LOGIN {5+}\r\nalice",
                           b"x LOGIN {5+}\r\nalice  {1+}\r\ny")

    def test_arguments_missing_surplus_or_open(self):
        self.refused(b'x LOGIN "alice', b'x LOGIN alice "y', b'x LOGIN "a\\"',
                     b'x NOOP "')
        self.refused_alone(
            b"x LOGIN", b"x LOGIN ", b"x LOGIN alice", b"x LOGIN alice ",
            b"x LOGIN alice y z", b"x LOGIN  alice y", b"x LOGIN alice  y",
            b"x LOGIN alice y ", b"x LOGIN (alice y)", b"x LOGIN alice NI\\L",
            b'x LOGIN "a"b y', b'x LOGIN a"b" y', b'x LOGIN "a\\b" y',
            b"x LOGIN alice y{z", b"x LOGIN alice y%", b"x LOGIN \xff y",
            b"x AUTHENTICATE", b"x AUTHENTICATE ", b"x AUTHENTICATE PLAIN ",
            b"x AUTHENTICATE PLAIN = =", b"x AUTHENTICATE {5+}\r\nPLAIN",
            b'x AUTHENTICATE "PLAIN"', b"x ID", b"x ID (", b"x ID (\"a\")",
            b"x STARTTLS", b"x STARTTLS now", b"x", b"x ", b"x  NOOP",
            b"x NOOP ", b"x LOGOUT now", b"x COMPRESS DEFLATE",
            b"x UNAUTHENTICATE", b"x SELECT INBOX", b"x IDLE", b"x DONE",
            b"x ENABLE X", b"x XYZZY")

    def test_an_empty_string_is_one_in_every_form(self):
        for form in (b'""', b"{0+}\r\n"):
            self.each([b"x LOGIN %s y" % form, b"x LOGIN alice %s" % form,
                       b"x LOGIN %s %s" % (form, form)],
                      rb"\Ax NO \[AUTHENTICATIONFAILED\]")
        self.nothing_was_forwarded()

    def test_every_form_of_a_login_is_the_same_login(self):
        user, password = b'b"o\\b', b"correct-horse"
        forms = {b'"b\\"o\\\\b"', b"{5+}\r\n" + user}
        for text in [b"x LOGIN %s %s" % (u, p) for u in forms for p in (
                password, b'"%s"' % password, b"{13+}\r\n" + password)]:
            for cut in (whole, bytewise):
                said = self.says(text, cut)
                self.assertIn(b"x OK", said)
        seen = set()
        for session in self.backend.sessions():
            command = [c for c in session.commands if b" LOGIN " in c][0]
            seen.add(tuple(arguments(command.partition(b" LOGIN ")[2].rstrip(
                b"\r\n"))))
            self.assertNotIn(b"x LOGIN", session.received)
        self.assertEqual(seen, {(user, password)})

    def test_every_form_of_a_literal_in_an_id(self):
        outlook = (b'x ID ("name" {7+}\r\nOutlook {7+}\r\nversion '
                   b'{4+}\r\n16.0 "os" NIL {0+}\r\n {0+}\r\n)')
        self.each([outlook, b"x ID NIL", b"x ID ()"],
                  rb"\A\* ID \(.*\r\nx OK ")
        self.nothing_was_forwarded()

    def test_a_command_in_place_of_a_response_is_base64_or_bad(self):
        for begin in (b"x AUTHENTICATE PLAIN\r\n",
                      b"x AUTHENTICATE LOGIN\r\n",
                      b"x AUTHENTICATE LOGIN\r\nbWFsbG9yeQ==\r\n"):
            self.each([begin + line for line in (
                b"y LOGIN mallory correct-horse", b"{3+}", b"y NOOP", b"!",
                b"A", b"====", b"AA==AA", b"**", b" *", b"* ", b"A" * 5,
                b"AGF\0sZQ==", b"y")],
                rb"\A(\+ [^\r]*\r\n)*x BAD [^\r]*\r\n\* BYE [^\r]*\r\nz OK",
                never=rb"(?m)^y ")
        self.nothing_was_forwarded()

    def test_a_cancelled_exchange_leaves_a_session_that_works(self):
        for mechanism in (b"PLAIN", b"LOGIN", b"LOGIN bWFsbG9yeQ=="):
            wire = self.client(bytewise)
            wire.send(b"x AUTHENTICATE " + mechanism + b"\r\n*\r\n"
                      b"y LOGIN alice correct-horse\r\n")
            wire.until(rb"x BAD")
            wire.expect(rb"y OK")
            wire.close()
        self.assertNotIn(b"mallory", self.backend.received())

    def test_a_foreign_authzid_is_passed_on_whole_or_refused(self):
        blob = plain_response("alice", "correct-horse", authzid="boss")
        wire = self.client(whole)
        wire.command("x", b"AUTHENTICATE PLAIN " + blob)
        self.assertIn(blob, self.backend.sessions()[0].received)
        wire.close()

        class NoSasl(Conversation):
            greeting = b"* OK [CAPABILITY IMAP4rev1] old\r\n"
        self.backend.kind = NoSasl
        wire = self.client(whole)
        _, verdict = wire.command("x", b"AUTHENTICATE PLAIN " + blob)
        self.assertRegex(verdict, rb"x NO ")
        self.assertNotIn(b" LOGIN ", self.backend.received())

    def test_what_is_pipelined_behind_a_login_waits_for_its_verdict(self):
        class Slow(Conversation):
            def verdict(self, tag, user, password):
                time.sleep(0.3)
                self.early = self.unread
                super().verdict(tag, user, password)
        self.backend.kind = Slow
        for cut in (whole, bytewise):
            wire = self.client(cut)
            wire.send(b"x LOGIN alice correct-horse\r\ny NOOP\r\n"
                      b"q APPEND I {10+}\r\nz LOGOUT\r\n\r\nz LOGOUT\r\n")
            wire.expect(rb"x OK")
            wire.expect(rb"y OK")
            wire.expect(rb"q OK")
            wire.until(rb"z OK")
            session = self.backend.sessions()[-1]
            self.assertEqual(session.early, b"")
            self.assertRegex(session.received, rb"\r\ny NOOP\r\nq APPEND I "
                             rb"\{10\}\r\nz LOGOUT\r\n\r\nz LOGOUT\r\n\Z")
            wire = self.client(cut)
            wire.send(b"x LOGIN alice wrong\r\ny SELECT INBOX\r\nz NOOP\r\n")
            wire.expect(rb"x NO")
            wire.expect(rb"y BAD")
            wire.expect(rb"z OK")
            self.assertNotIn(b"SELECT", self.backend.conversations[-1].received)

    def test_long_lines(self):
        self.each([b"x NOOP " + b"x" * 9000, b"x" * 1000000,
                   b"x LOGIN alice " + b"x" * 1000000,
                   b'x LOGIN "' + b"\\x" * 50000,
                   b"x AUTHENTICATE PLAIN " + b"A" * 100000,
                   b"x AUTHENTICATE XOAUTH2 " + b"A" * 200000,
                   b"x ID (" + b'"a" NIL ' * 30000],
                  rb"\A(x BAD [^\r]*\r\n)?" + CLOSED)
        self.nothing_was_forwarded()

    def test_a_command_that_never_ends_is_refused_and_not_waited_for(self):
        """Each line and literal is short; the whole is not."""
        self.gate.change({"timeouts": {"gate_first": "2s", "clear": "2s"}})
        self.gate.reload()
        endless = b"x ID (" + b"{0+}\r\n {0+}\r\n " * 20000
        wire = self.client(whole)
        try:
            wire.send(endless)
        except OSError:
            pass
        self.assertNotIn(b"Timed out", wire.rest())
        sock = raw_connection(self.gate.clear_port)
        self.addCleanup(sock.close)
        try:
            sock.sendall(endless)
        except OSError:
            pass
        self.assertNotIn(b"Timed out", everything(sock))

    def test_half_a_command_is_not_completed_by_the_end(self):
        for text in (b"x LOGIN alice correct-horse", b"x LOGIN alice correct-"
                     b"horse\r", b"x LOGIN alice {13+}\r\ncorrect-horse",
                     b"x AUTHENTICATE PLAIN\r\n" + plain_response(
                         "alice", "correct-horse")):
            wire = self.client(whole)
            wire.send(text)
            wire.raw.shutdown(1)
            self.assertNotIn(b"OK", wire.rest())
            wire.close()
        self.nothing_was_forwarded()

    def test_clear_text_clients_get_no_further_either(self):
        """The same table on the STARTTLS port, where less is allowed."""
        for text in (b"x LOGIN alice correct-horse", b"x LOGIN alice {13+}\r\n"
                     b"correct-horse", b"x LOGIN alice {13}",
                     b"x AUTHENTICATE PLAIN", b"x AUTHENTICATE PLAIN " +
                     plain_response("alice", "correct-horse"),
                     b"x AUTHENTICATE LOGIN", b"x NOOP\n" + BEHIND,
                     b"x NOOP " + b"x" * 9000, b"x" * 100000,
                     b"x ID {3+}\r\nabc", b"x SELECT {%d+}\r\n%s" %
                     (len(BEHIND), BEHIND), b"x STARTTLS x"):
            for cut in (whole, bytewise) if len(text) < 400 else (whole,):
                with self.subTest((text[:60], cut.__name__)):
                    sock = raw_connection(self.gate.clear_port)
                    try:
                        for piece in cut(text + b"\r\nz LOGOUT\r\n"):
                            sock.sendall(piece)
                    except OSError:
                        pass
                    said = everything(sock).partition(b"\r\n")[2]
                    sock.close()
                    self.assertRegex(said, rb"\A(\Z|\* BYE|\* BAD|x BAD|"
                                           rb"x NO \[PRIVACYREQUIRED\])")
                    self.assertNotRegex(said, rb"(?m)^(\+|y )")
        self.nothing_was_forwarded()


@needs_gate
class Violent(Case):
    """After login: whatever makes two meanings possible ends both sides."""

    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.start_gate(self.backend)

    def ends(self, texts):
        """Each text ends both sides; nothing of its second line arrives."""
        for text in texts:
            for cut in (whole, bytewise):
                with self.subTest((text, cut.__name__)):
                    wire = Sliced(self.gate.port, self.tls, cut)
                    self.addCleanup(wire.close)
                    wire.login(self.user, self.password)
                    session = self.backend.sessions()[-1]
                    try:
                        for piece in cut(text + b"y DELETE INBOX\r\n"):
                            wire.send(piece)
                        wire.send(b"z LOGOUT\r\n")
                    except OSError:
                        pass
                    self.assertRegex(wire.rest(), rb"\A(\* BYE[^\r]*\r\n)?\Z")
                    wire.close()
                    self.assertTrue(session.ended.wait(8))
                    self.assertNotIn(b"DELETE", session.received)
                    self.assertFalse([c for c in session.commands[1:]
                                      if c.endswith(b"\r\n")])
        self.told = getattr(self, "told", 0) + 2 * len(texts)
        wait_until("each is told", lambda: len(
            self.gate.events("violation")) == self.told)

    def test_each_violation_cut_at_every_byte(self):
        self.ends([text.replace(b"#", bad) for bad in (b"\n", b"\r", b"\0")
                   for text in (b"x NOOP#", b'x SELECT "a#b"\r\n',
                                b"x SEARCH TEXT {1+}\r\na#")])
        self.ends([b'x SELECT "open\r\n', b"x APPEND I {}\r\n",
                   b"x APPEND I {1-}\r\n", b"x APPEND I{1+}\r\n",
                   b"x APPEND I {12345678901234567890}\r\n",
                   b"x SEARCH TEXT {1+}\r\nabc\r\n", b"t" * 65 +
                   b" NOOP\r\n", b"x " + b"N" * 300 + b"\r\n"])

    def test_a_literal_of_a_form_that_nobody_knows_ends_it_too(self):
        """Some backend might know it."""
        self.ends([b"x APPEND I {" + size + b"}\r\n" for size in (
            b"+9", b"-9", b"0x9", b"0x9+", b"9++", b"9.", b"\xb9")])

    def test_refused_verbs_however_they_are_written(self):
        wire = Sliced(self.gate.port, self.tls, bytewise)
        self.addCleanup(wire.close)
        wire.login(self.user, self.password)
        session = self.backend.sessions()[-1]
        known = len(session.received)
        for text in (b"compress deflate", b"COMPRESS", b"Compress {7+}\r\n"
                     b"DEFLATE", b"STARTTLS", b"starttls x", b"UNAUTHENTICATE",
                     b"LOGIN {3+}\r\nbob {%d+}\r\n%s" % (len(BEHIND), BEHIND),
                     b'login "bob" "x"', b"AUTHENTICATE PLAIN", b"authenticate"
                     b" PLAIN =", b"LOGIN {5}"):
            wire.send(b"x " + text + b"\r\n")
            wire.expect(rb"x BAD")
        wire.send(b"\xff NOOP\r\n")
        wire.expect(rb"\* BAD")
        wire.send(b"x NOOP\r\n")
        wire.expect(rb"x OK")
        self.assertEqual(session.received[known:], b"x NOOP\r\n")
        wire.close()
        self.gate.event("connection")
        self.assertEqual(len(self.gate.events("login")), 1)

    def test_the_end_without_close_notify_completes_nothing(self):
        for text in (b"x DELETE INBOX", b"x DELETE INBOX\r",
                     b"x APPEND INBOX {9+}\r\nhal",
                     b"x APPEND INBOX {4+}\r\nhalf"):
            with self.subTest(text):
                wire = Sliced(self.gate.port, self.tls)
                wire.login(self.user, self.password)
                session = self.backend.sessions()[-1]
                wire.send(text)
                wait_until("it is under way", lambda: text.split()[1] in
                           session.received)
                wire.raw.shutdown(1)
                self.assertTrue(session.ended.wait(8))
                self.assertFalse([c for c in session.commands[1:]
                                  if c.endswith(b"\r\n")])
                wire.close()


@needs_gate
class Patience(Case):
    def test_one_byte_a_second_anywhere_is_bounded(self):
        """With deadlines of a second, in all states before login at once."""
        gate = self.start_gate(self.keep(Backend()), {
            "timeouts": {"handshake": "1s", "clear": "1s", "gate_first": "1s",
                         "gate_total": "1s"}})
        tls, clear = raw_connection(gate.port), raw_connection(gate.clear_port)
        inside = self.wire(gate)
        sasl = self.wire(gate)
        inside.greeting()
        sasl.greeting()
        sasl.send(b"a AUTHENTICATE PLAIN\r\n")
        sasl.expect(rb"\+")
        left = {"handshake": tls, "clear": clear, "gate": inside.sock,
                "sasl": sasl.sock}
        for sock in left.values():
            self.addCleanup(sock.close)
        drip = {"handshake": b"\x16\x03\x01\x02\0\x01" + b"\0" * 99,
                "clear": b"a NOOP " + b"x" * 99, "gate": b"a LOGIN" + b"x" * 99,
                "sasl": b"A" * 99}
        begin = time.monotonic()
        for n in range(40):
            for name in list(left):
                try:
                    left[name].settimeout(0.02)
                    left[name].sendall(drip[name][n:n + 1])
                    while left[name].recv(1000):
                        pass
                    del left[name]
                except TimeoutError:
                    pass
                except OSError:
                    del left[name]
            if not left:
                break
            time.sleep(0.15)
        self.assertEqual(left, {})
        self.assertLess(time.monotonic() - begin, 8)

    def test_a_client_that_waits_costs_no_processor_time(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()
        wires = [self.logged_in(gate) for _ in range(5)]
        wires += [self.wire(gate) for _ in range(5)]
        before = processor_seconds(relay)
        time.sleep(1)
        self.assertLess(processor_seconds(relay) - before, 0.2)
