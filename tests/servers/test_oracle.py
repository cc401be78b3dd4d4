# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate's framing against what a real Dovecot makes of the same bytes.

Two Dovecots begin alike. Random sessions go to one through the gate, to the
other directly: both answer alike. A recorder behind the gate shows that what
the backend got is, command for command, what the client sent.

    GATE_SEED=7 tests/servers/run test_oracle.py    the same sessions again
"""

import imaplib
import os
import random
import re

import framing
from dialogs import FIXED, Talk, random_session
from dovecot import PASSWORD, USER, USERS
from gate import Case, needs_gate, seconds
from recorder import Recorder
from wire import Wire

SESSIONS = 50
SEED = int(os.environ.get("GATE_SEED") or random.SystemRandom().getrandbits(32))

# What two servers may say differently although they do the same.
VOLATILE = [
    (re.compile(rb"\(\d+\.\d+ \+ [^)]* secs\)"), b"(secs)"),
    (re.compile(rb"(UIDVALIDITY|APPENDUID|COPYUID) \d+"), rb"\1 N"),
]


NUMBERED = re.compile(rb"\S+ (FETCH|STORE|COPY)", re.IGNORECASE)
LOGIN = re.compile(rb"^\S+ (AUTHENTICATE|LOGIN) ", re.MULTILINE)


def settled(response):
    for pattern, instead in VOLATILE:
        response = pattern.sub(instead, response)
    return response


def tells(response):
    """Not the greeting, no login verdict, no list that the gate rewrites."""
    return not (b"CAPABILITY" in response or
                re.match(rb"\S+ OK .*Logged in", response) or
                re.match(rb"\* OK .*ready", response) or
                response.startswith(b"+"))


def synchronous(command):
    """With {n} for {n+}: the gate may say the one for the other."""
    return re.sub(rb"\{(\d+)\+\}\r\n", rb"{\1}\r\n", command)


def heads(command):
    """What may be left of a refused command: up to a literal, or a CRLF
    instead of one."""
    for marker in re.finditer(rb"\{\d+\}\r\n", command):
        yield command[:marker.end()]
        yield command[:marker.start()] + b"\r\n"


def same(got, said, refused):
    """Commands; refused: tags that the server answered with NO or BAD."""
    return len(got) == len(said) and all(
        g == s or (s.split()[0] in refused and g in heads(s))
        for g, s in zip(got, said))


def words(talk):
    return [settled(r) for r in talk.responses if tells(r)]


def outcomes(talk):
    """For each tag: OK, NO or BAD, and the name of the code.

    Dovecot does several commands at once: the order is not always the same,
    nor whether a message just copied has its number yet.
    """
    numbered = [c.tag for c in talk.commands if NUMBERED.match(c.chunks[0])]
    found = {}
    for response in talk.responses:
        outcome = re.match(rb"([^* ]+) (OK|NO|BAD)(?: \[([A-Z-]+))?", response)
        if (outcome and tells(response) and
                outcome.group(1) not in numbered):
            found[outcome.group(1)] = outcome.group(2, 3)
    return found


def refused(responses):
    """The tags of what was."""
    return [r.split()[0] for r in responses if re.match(rb"\S+ (NO|BAD)", r)]


@needs_gate
class Oracle(Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.recorder = None

    def start(self):
        self.behind, self.direct = self.start_dovecot(), self.start_dovecot()
        for dovecot in (self.behind, self.direct):
            for user in (USER, "bob"):
                self.make_boxes(dovecot, user)
        self.recorder = self.keep(Recorder(self.behind.port))
        self.gate = self.start_gate(self.recorder)

    def make_boxes(self, dovecot, user):
        mail = imaplib.IMAP4("127.0.0.1", dovecot.port)
        mail.login(user, USERS[user])
        for name in FIXED[1:]:
            mail.create('"%s"' % name)
        mail.logout()

    def through(self, session, seed, patient, cut=None):
        """Runs it through the gate.

        The talk; the commands that the backend understood; tags it refused.
        """
        before = len(self.recorder.conversations)
        wire = self.wire(self.gate)
        talk = Talk(wire, random.Random(seed), patient, cut)
        talk.run(session)
        wire.close()
        pairs = self.recorder.conversations[before:]
        for pair in pairs:
            self.assertTrue(pair.ended.wait(15), "the backend leg is open")
        # The gate's look at the server's capabilities is none of it.
        pairs = [p for p in pairs if LOGIN.search(p.said)]
        self.assertLessEqual(len(pairs), 1)
        if not pairs:
            return talk, [], []
        return (talk, framing.commands(pairs[0].said, pairs[0].heard),
                refused(framing.responses(pairs[0].heard)))

    def asked_directly(self, session, seed, patient):
        with Wire(self.direct.port) as wire:
            talk = Talk(wire, random.Random(seed), patient)
            talk.run(session)
        return talk

    def as_sent(self, session):
        """What of it the client said, command for command."""
        return [synchronous(c.said) for c in session
                if getattr(c, "said", b"")]

    def own(self, understood):
        """Without what the gate itself asked: commands of its own tags."""
        return [(synchronous(whole), done) for whole, done in understood
                if not re.match(rb"[WX][0-9a-f]{15} ", whole)]

    def run_sessions(self, name, patient, compare):
        self.start()
        for number in range(SESSIONS):
            seed = "%d-%s-%d" % (SEED, name, number)
            with self.subTest(seed=seed):
                session = random_session(random.Random(seed), USER, PASSWORD)
                talk, understood, refusals = self.through(session, seed,
                                                          patient)
                said = self.as_sent(session)[1:]
                direct = self.asked_directly(session, seed, patient)
                got = [whole for whole, _ in self.own(understood)]
                self.assertTrue(same(got, said, refusals),
                                "%r\n%r" % (got, said))
                self.assertTrue(all(done for _, done in understood))
                self.assertEqual(compare(talk), compare(direct))

    @seconds(120)
    def test_sessions_are_answered_word_for_word_as_without_the_gate(self):
        self.run_sessions("step", 1, words)

    @seconds(120)
    def test_pipelined_sessions_end_as_without_the_gate(self):
        self.run_sessions("pipe", 0.3, outcomes)

    @seconds(120)
    def test_sessions_in_one_go_end_as_without_the_gate(self):
        self.run_sessions("rush", 0, outcomes)

    @seconds(300)
    def test_of_a_session_cut_anywhere_the_backend_gets_a_beginning(self):
        self.start()
        for number in range(SESSIONS):
            seed = "%d-cut-%d" % (SEED, number)
            with self.subTest(seed=seed):
                draw = random.Random(seed)
                session = random_session(draw, "bob", USERS["bob"])
                whole = sum(len(c) for x in session for c in x.chunks)
                talk, understood, refusals = self.through(
                    session, seed, 0.3, draw.randrange(1, whole))
                got = self.own(understood)
                said = self.as_sent(session)[1:]
                complete = [w for w, done in got if done]
                self.assertTrue(same(complete, said[:len(complete)],
                                     refusals),
                                "%r\n%r" % (complete, said))
                rest = [w for w, done in got if not done]
                self.assertLessEqual(len(rest), 1)
                for piece in rest:
                    self.assertTrue(said[len(complete)].startswith(piece))


# Dovecot refuses these, or has done with them, before their {n+}, and goes on
# to read at the next line.
UNREAD = [b"XYZZY", b"NOOP", b"NAMESPACE", b"CREATE foo", b"SELECT foo)",
          b"LIST )", b"UID XYZZY", b"APPEND INBOX (\\Nope)",
          b'APPEND INBOX "no date"', b"APPEND (INBOX)"]


@needs_gate
class Meanings(Case):
    """What Dovecot reads otherwise than its LITERAL+ promises."""

    def boxes(self, dovecot):
        with Wire(dovecot.port) as wire:
            wire.login(USER, PASSWORD)
            return b"".join(wire.command("a", b'LIST "" "*"')[0])

    def test_a_literal_in_a_command_refused_unread_is_no_command(self):
        gate, dovecot = self.start_both()
        for number, head in enumerate(UNREAD):
            with self.subTest(head):
                wire = self.logged_in(gate)
                secret = b"x CREATE smuggled%d" % number
                wire.send(b"a %s {%d+}\r\n%s\r\nb NOOP\r\n" %
                          (head, len(secret), secret))
                wire.until(rb"a (OK|NO|BAD)")
                wire.until(rb"b OK")
                wire.close()
                self.assertNotIn(b"smuggled%d" % number, self.boxes(dovecot))

    def test_no_second_session_runs_inside_literals(self):
        # To Dovecot: a NOOP, b CREATE, c APPEND of what looks like b and c.
        gate, dovecot = self.start_both()
        wire = self.logged_in(gate)
        shown = b"b NOOP\r\nc NOOP\r\n"
        secret = b"b CREATE smuggled\r\nc APPEND INBOX {%d+}" % len(shown)
        wire.send(b"a NOOP {%d+}\r\n%s\r\n%s\r\n" % (len(secret), secret,
                                                     shown))
        wire.patience(3)
        try:
            wire.until(rb"c ")
        except (OSError, AssertionError):
            pass
        self.assertNotIn(b"smuggled", self.boxes(dovecot))

    def test_a_command_answered_before_its_last_literal_is_no_violation(self):
        gate, _ = self.start_both()
        for first, rest in ((b"a APPEND absent ", b"{5+}\r\nhello\r\n"),
                            (b"a APPEND {6+}\r\nabsent ",
                             b"{5+}\r\nhello\r\n"),
                            (b"a APPEND absent {5+}\r\nhello",
                             b" (\\Seen) {5+}\r\nhello {2+}\r\nhi\r\n")):
            with self.subTest(first):
                wire = self.logged_in(gate)
                wire.send(first)
                wire.expect(rb"a NO \[TRYCREATE\]")
                wire.send(rest)
                _, verdict = wire.command("b", b"NOOP")
                self.assertTrue(verdict.startswith(b"b OK"), verdict)
