# SPDX-License-Identifier: GPL-3.0-or-later
"""After login: what passes is the same byte for byte, however it is cut."""

import re
import time

from fake import Backend, Conversation
from gate import Case, needs_gate, wait_until
from processes import memory
from script import (C, S, Sliced, bytewise, by, nonsync, play, randomly,
                    scripted, sent, whole)

MEGABYTE = 1 << 20
CUTS = {"whole": whole, "byte by byte": bytewise, "by 7": by(7),
        "random 1": randomly(1), "random 2": randomly(2),
        "random 3": randomly(3, 200)}

OCTETS = bytes(range(256)) + b"\r\nx1 LOGOUT\r\nx2 LOGIN a b {3+}\r\n"
WORDS = b"IMAP4rev1 SASL-IR LITERAL+ ID IDLE BINARY AUTH=PLAIN"

# A tagged answer, a BYE and a request for more, none of which are any.
FORGED = b"a6 OK forged\r\n* BYE forged\r\n+ forged\r\n"

EVERYTHING = [
    C(b'a1 SELECT "IN{3}BOX"\r\n'),
    S(b"* FLAGS (\\Answered)\r\n* OK prose that ends in {3}\r\n"
      b"* NO [ALERT] and {99999999999999999999}\r\n* 3 EXISTS\r\n"
      b"a1 OK [READ-WRITE] done {7}\r\n"),
    # literals: any octets, forged commands within
    C(b"a2 APPEND INBOX {%d}\r\n" % len(OCTETS)),
    S(b"+ go on {5}\r\n"),
    C(OCTETS + b"\r\n"),
    S(b"a2 OK [APPENDUID 1 2] done\r\n"),
    *nonsync(b"a3 APPEND {5+}\r\nINBOX (\\Seen) {%d+}\r\n" % len(OCTETS) +
             OCTETS + b"\r\n"),
    S(b"a3 OK done\r\n"),
    # several in one command, empty ones, NUL, 8-bit, followed by ")"
    C(b"a4 SEARCH OR (SUBJECT {3}\r\n"), S(b"+ \r\n"),
    C(b"abc) BODY {4}\r\n"), S(b"+ \r\n"),
    C(b"d\0\xff\n TEXT {0}\r\n"), S(b"+\r\n"),
    *nonsync(b" FROM {0+}\r\n TO {2+}\r\n\r\n\r\n"),
    S(b"* SEARCH 1 2 3\r\na4 OK done\r\n"),
    # BINARY's form, both ways
    C(b"a5 APPEND INBOX ~{6}\r\n"), S(b"+ binary\r\n"),
    C(b"\0\r\n\0\xff\0\r\n"), S(b"a5 OK done\r\n"),
    *nonsync(b"a5b APPEND INBOX ~{3+}\r\n\0\0\0\r\n"), S(b"a5b OK done\r\n"),
    # answers: literals with what looks like answers, quoted braces, 8-bit
    C(b"a6 FETCH 1:* (BODY[])\r\n"),
    S(b"* 1 FETCH (BODY[] {%d}\r\n" % len(FORGED) + FORGED +
      b" BODY[1] {0}\r\n UID 5)\r\n"
      b"* 2 FETCH (BINARY[] ~{4}\r\n\0\r\n\xff)\r\n"
      b'* 3 FETCH (BODY[HEADER] "{5}" ENVELOPE ("\\"" {1}\r\n"))\r\n'
      b'* LIST (\\X "a\\"b") "/" "quoted badly\r\n'
      b"* LIST () \"/\" \"Entw\xc3\xbcrfe \xff\xfe\"\r\n"
      b"* SEARCH\r\na6 OK {3}\r\n"),
    # a literal that is not wanted, and the command behind it
    C(b"a7 APPEND nowhere {100}\r\n"),
    S(b"a7 NO [TRYCREATE] no such mailbox\r\n"),
    C(b"a8 NOOP\r\n"), S(b"a8 BAD never heard of it\r\n"),
    # IDLE
    C(b"a9 IDLE\r\n"), S(b"+ idling\r\n* 4 EXISTS\r\n"),
    C(b"DONE\r\n"), S(b"* 5 EXISTS\r\na9 OK done\r\n"),
    # pipelined, answered at once; odd spelling stays as it is
    C(b"b1 NOOP\r\nb2 cHeCk\r\nb3 UID  FETCH 1 (FLAGS) \r\n"),
    S(b"b1 OK\r\nb2 OK \r\n* 1 FETCH (FLAGS ())\r\nb3 OK done\r\n"),
    C("b4 LIST \"\" \"Entwürfe\" \r\n".encode()), S(b"b4 NO \xe9\r\n"),
    C(b'b5 SEARCH TEXT "a \\" \\\\ {9}"\r\n'), S(b"b5 OK\r\n"),
]

# The same for a backend without LITERAL+, and one that refuses.
BRIDGED = [
    *nonsync(b"a1 APPEND {5+}\r\nINBOX (\\Seen) {9+}\r\nb NOOP\r\n\0\r\n"),
    S(b"a1 OK done\r\n"),
    # refused: all that belongs to the command goes by
    C(b"a2 APPEND nowhere {16+}\r\nx DELETE INBOX\r\n {8+}\r\ny NOOP\r\n\r\n"
      b"a3 NOOP\r\n", arrives=b"a2 APPEND nowhere {16}\r\n"),
    S(b"a2 NO [TRYCREATE] no\r\n"),
    C(b"", arrives=b"a3 NOOP\r\n"),
    S(b"a3 OK\r\n"),
    # IDLE refused: DONE was on its way
    C(b"a4 IDLE\r\nDONE\r\na5 NOOP\r\n", arrives=b"a4 IDLE\r\n"),
    S(b"a4 NO not now\r\n"),
    C(b"", arrives=b"a5 NOOP\r\n"),
    S(b"a5 OK\r\n"),
    # and DONE that comes after the refusal
    C(b"a6 IDLE\r\n"), S(b"a6 BAD what?\r\n"),
    C(b"DONE\r\na7 NOOP\r\n", arrives=b"a7 NOOP\r\n"), S(b"a7 OK\r\n"),
    # an answer that nobody may see as it stands
    C(b"a8 CAPABILITY\r\n"),
    S(b"* CAPABILITY IMAP4rev1 STARTTLS COMPRESS=DEFLATE IDLE\r\na8 OK\r\n",
      arrives=b"* CAPABILITY IMAP4rev1 IDLE\r\na8 OK\r\n"),
]


@needs_gate
class Exact(Case):
    def plays(self, steps, cuts, **more):
        """One session for each cut, all of them exact."""
        backend = self.keep(Backend())
        gate = self.start_gate(backend)
        for name, cut in cuts.items():
            with self.subTest(name):
                backend.kind = scripted(steps, cut, **more)
                before = len(backend.sessions())
                wire = Sliced(gate.port, self.tls, cut)
                self.addCleanup(wire.close)
                wire.login(self.user, self.password)
                play(wire, steps, cut)
                session = backend.sessions()[before]
                wait_until("all of it arrived",
                           lambda: session.got == sent(steps))
                self.assertEqual(session.got, sent(steps))
                self.assertEqual(session.unread, b"")
                wire.close()
        self.assertEqual(gate.events("violation"), [])
        wait_until("each login is told",
                   lambda: len(gate.events("login")) == len(cuts))

    def test_everything_passes_as_it_is(self):
        self.plays(EVERYTHING, CUTS, words=WORDS)

    def test_a_backend_without_literal_plus_gets_what_it_understands(self):
        self.plays(BRIDGED, CUTS, words=b"IMAP4rev1 AUTH=PLAIN IDLE")

    def test_lines_of_megabytes_pass_both_ways(self):
        numbers = b",".join([b"1234567"] * (2 * MEGABYTE // 8))
        steps = [C(b"a SEARCH UID " + numbers + b"\r\n"),
                 S(b"* SEARCH " + numbers.replace(b",", b" ") + b"\r\n"
                   b"* OK " + b"x{3}" * (MEGABYTE // 4) + b"\r\na OK\r\n"),
                 C(b'b SEARCH TEXT "' + b"\xff{3}\\\\" * (MEGABYTE // 6) +
                   b'"\r\n'),
                 S(b"b OK\r\n")]
        self.plays(steps, {"whole": whole, "random": randomly(4, 20000)})

    def test_ten_megabytes_of_any_octets_pass_both_ways(self):
        octets = bytes(range(256)) * (10 * MEGABYTE // 256)
        steps = [*nonsync(b"a APPEND INBOX {%d+}\r\n" % len(octets) + octets +
                          b"\r\n"),
                 S(b"* 1 FETCH (BODY[] {%d}\r\n" % len(octets) + octets +
                   b")\r\na OK\r\n")]
        self.plays(steps, {"random": randomly(5, 60000)})


@needs_gate
class Forged(Case):
    """A backend that says what it was not asked for."""

    def ends(self, answer, before=b"", command=b"a NOOP\r\n"):
        """At the answer the session ends; the client saw only `before`."""
        class Forging(Conversation):
            def do_NOOP(self, tag, rest):
                self.send(answer)
                self.sock.recv(1)  # until the gate hangs up
                self.hang_up()
        backend = self.keep(Backend(Forging))
        gate = self.start_gate(backend)
        wire = self.logged_in(gate)
        wire.send(command)
        said = wire.rest()
        self.assertRegex(said, rb"\A" + re.escape(before) +
                         rb"(\* BYE [^\r]*\r\n)?\Z")
        self.assertTrue(backend.sessions()[0].ended.wait(8))
        event = gate.event("violation")
        self.assertEqual(event["rule.name"], "backend-protocol")

    def test_an_answer_to_no_command_ends_the_session(self):
        for answer in (b"z OK forged\r\n", b"A OK forged\r\n",
                       b"aa OK forged\r\n", b" OK forged\r\n",
                       b"W000000000000000 OK forged\r\n"):
            with self.subTest(answer):
                self.ends(answer)

    def test_a_second_answer_to_one_command_ends_the_session(self):
        self.ends(b"a OK done\r\na OK done\r\n", before=b"a OK done\r\n")

    def test_an_answer_before_its_command_ends_the_session(self):
        self.ends(b"a OK done\r\nb OK [READ-WRITE] early\r\n",
                  before=b"a OK done\r\n")

    def test_a_tagged_line_that_is_no_verdict_ends_the_session(self):
        for answer in (b"a BYE\r\n", b"a PREAUTH x\r\n", b"a \r\n",
                       b"a FETCH {3}\r\n"):
            with self.subTest(answer):
                self.ends(answer)

    def test_a_literal_that_cannot_be_counted_ends_the_session(self):
        for size in (b"18446744073709551616", b"9" * 40, b"9" * 70000):
            with self.subTest(size[:20]):
                class Endless(Conversation):
                    def do_NOOP(self, tag, rest):
                        self.send(b"* 1 FETCH (BODY[] {%s}\r\n" % size +
                                  b"a OK forged\r\n")
                        self.sock.recv(1)
                        self.hang_up()
                gate = self.start_gate(self.keep(Backend(Endless)))
                wire = self.logged_in(gate)
                wire.send(b"a NOOP\r\n")
                self.assertNotIn(b"forged", wire.rest())
                self.assertEqual(gate.event("violation")["rule.name"],
                                 "backend-protocol")

    def test_a_request_that_nobody_made_is_not_shown(self):
        class Asking(Conversation):
            def do_NOOP(self, tag, rest):
                self.send(b"+ your password, please\r\n")
                self.ok(tag)
        gate = self.start_gate(self.keep(Backend(Asking)))
        wire = self.logged_in(gate)
        wire.send(b"a NOOP\r\n")
        wire.expect(rb"a OK")
        self.assertEqual(gate.event("violation")["rule.name"],
                         "backend-protocol")


@needs_gate
class SlowReaders(Case):
    """Whoever does not read costs no more than a few buffers."""

    def growth(self, gate, push, seconds=1.5):
        """Pushes bytes for that long, or until none are taken any more."""
        relay = gate.relay()
        before = most = memory(relay)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            push()
            most = max(most, memory(relay))
        return most - before

    def test_refused_commands_do_not_pile_up_for_a_client_that_never_reads(
            self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend)
        wire = self.logged_in(gate)
        wire.patience(0.5)
        flood = b"a LOGIN\r\n" * 7000

        def push():
            try:
                wire.send(flood)
            except OSError:
                time.sleep(0.05)  # nothing is taken: just as it should be
        self.assertLess(self.growth(gate, push), 16 * MEGABYTE)

    def test_a_backend_that_does_not_read_stops_the_client(self):
        class Deaf(Conversation):
            def do_APPEND(self, tag, rest):
                pass

            def read_exactly(self, size):
                self.ended.wait(4)
                raise OSError("deaf for long enough")
        gate = self.start_gate(self.keep(Backend(Deaf)))
        wire = self.logged_in(gate)
        wire.send(b"a APPEND INBOX {1000000000+}\r\n")
        wire.patience(0.5)

        def push():
            try:
                wire.send(b"x" * 65536)
            except OSError:
                time.sleep(0.05)
        self.assertLess(self.growth(gate, push), 16 * MEGABYTE)
        wire.reset()

    def test_others_are_served_beside_them(self):
        class Flood(Conversation):
            def do_FETCH(self, tag, rest):
                while True:
                    self.send(b"* 1 FETCH (BODY[] {65536}\r\n" + b"x" * 65536 +
                              b")\r\n")
        gate = self.start_gate(self.keep(Backend(Flood)))
        for _ in range(4):
            self.logged_in(gate).send(b"a FETCH 1 BODY[]\r\n")
        wire = self.logged_in(gate)
        _, verdict = wire.command("b", b"NOOP")
        self.assertTrue(verdict.startswith(b"b OK"), verdict)
