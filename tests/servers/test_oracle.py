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


@needs_gate
class Oracle(Case):
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

    def through(self, session, seed, cut=None):
        """Runs it through the gate: the talk, what the backend understood."""
        before = len(self.recorder.conversations)
        wire = self.wire(self.gate)
        talk = Talk(wire, random.Random(seed), cut)
        talk.run(session)
        wire.close()
        pairs = self.recorder.conversations[before:]
        for pair in pairs:
            self.assertTrue(pair.ended.wait(15), "the backend leg is open")
        understood = [framing.commands(p.said, p.heard) for p in pairs
                      if b" AUTHENTICATE " in p.said or b" LOGIN " in p.said]
        self.assertLessEqual(len(understood), 1)
        return talk, understood[0] if understood else []

    def asked_directly(self, session, seed):
        with Wire(self.direct.port) as wire:
            talk = Talk(wire, random.Random(seed))
            talk.run(session)
        return talk

    def as_sent(self, session):
        """What of it the client said, command for command."""
        return [c.said for c in session if getattr(c, "said", b"")]

    def own(self, understood):
        """Without what the gate itself asked: commands of its own tags."""
        return [(whole, done) for whole, done in understood
                if not re.match(rb"[WX][0-9a-f]{15} ", whole)]

    @seconds(300)
    def sessions_are_alike(self, part):
        self.start()
        for number in range(SESSIONS):
            seed = "%d-%d-%d" % (SEED, part, number)
            with self.subTest(seed=seed):
                session = random_session(random.Random(seed), USER, PASSWORD)
                talk, understood = self.through(session, seed)
                said = self.as_sent(session)[1:]
                self.assertEqual([w for w, _ in self.own(understood)], said)
                self.assertTrue(all(done for _, done in understood))
                direct = self.asked_directly(session, seed)
                self.assertEqual(
                    [settled(r) for r in talk.responses if tells(r)],
                    [settled(r) for r in direct.responses if tells(r)])

    @seconds(300)
    def test_fifty_sessions_are_answered_as_without_the_gate(self):
        self.sessions_are_alike(1)

    @seconds(300)
    def test_fifty_more_sessions_are_answered_as_without_the_gate(self):
        self.sessions_are_alike(2)

    @seconds(300)
    def test_yet_fifty_sessions_are_answered_as_without_the_gate(self):
        self.sessions_are_alike(3)

    @seconds(300)
    def test_of_a_session_cut_anywhere_the_backend_gets_a_beginning(self):
        self.start()
        for number in range(SESSIONS):
            seed = "%d-cut-%d" % (SEED, number)
            with self.subTest(seed=seed):
                draw = random.Random(seed)
                session = random_session(draw, "bob", USERS["bob"])
                whole = sum(len(c) for x in session for c in x.chunks)
                _, understood = self.through(session, seed,
                                             draw.randrange(1, whole))
                got = self.own(understood)
                said = self.as_sent(session)[1:]
                complete = [w for w, done in got if done]
                self.assertEqual(complete, said[:len(complete)])
                rest = [w for w, done in got if not done]
                self.assertLessEqual(len(rest), 1)
                for piece in rest:
                    self.assertTrue(said[len(complete)].startswith(piece))
