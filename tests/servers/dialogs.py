# SPDX-License-Identifier: GPL-3.0-or-later
"""dialogs.py - random sessions that are valid IMAP, and a client for them.

    session = random_session(random.Random(7))
    talk = Talk(wire, random.Random(7))
    talk.run(session)
    talk.responses                 everything the server said, in order
    talk.said(command)             what of a command really went out
"""

import re
import select
import time

import framing

# There from the beginning to the end, and those that come and go.
FIXED = ["INBOX", "one", "two words"]
OTHERS = ['three "quoted"', "four.sub", "{5}", "absent", "Entw&APw-rfe"]
WORDS = ["sample", "message", "", "a b", "{3}", 'quo"te', "body", "x" * 300]
FLAGS = [r"\Seen", r"\Flagged", r"\Answered", "$Label", "Other"]
LINES = [b"Subject: one", b"", b"a OK not an answer", b"* BYE", b"{10}",
         b"x LOGIN alice correct-horse", b"text {3+}", b'"unbalanced',
         b"\xc3\xa4 8-bit \xff", b"+ go ahead", b"DONE", b"." * 900]


class Command:
    """chunks: behind each but the last one the client waits for a "+"."""

    def __init__(self, tag, pieces):
        self.tag = tag
        self.chunks = [tag + b" "]
        for piece in pieces:
            self.chunks[-1] += piece.text
            if piece.waits:
                self.chunks.append(b"")
        self.chunks[-1] += b"\r\n"
        if pieces[0].text == b"IDLE":
            self.chunks.append(b"DONE\r\n")


class Piece:
    def __init__(self, text, waits=False):
        self.text, self.waits = text, waits


class Maker:
    """Draws commands; plus says whether the client may use {n+}."""

    def __init__(self, random, plus=True):
        self.random = random
        self.plus = plus
        self.count = 0

    def command(self, *parts):
        """parts: text, or lists of pieces from string() and literal()."""
        pieces = []
        for part in parts:
            pieces += part if isinstance(part, list) else [Piece(part)]
        self.count += 1
        tag = self.random.choice([b"a%d", b"A.%d", b"t-%d/x"])
        return Command(tag % self.count, pieces)

    def literal(self, data, binary=False):
        plus = self.plus and self.random.random() < 0.5
        mark = b"%s{%d%s}\r\n" % (b"~" if binary else b"", len(data),
                                  b"+" if plus else b"")
        return [Piece(mark, waits=not plus), Piece(data)]

    def string(self, text):
        data = text.encode()
        forms = ["quoted", "literal"]
        if re.fullmatch(r"[A-Za-z0-9.&$-]+", text):
            forms.append("atom")
        form = self.random.choice(forms)
        if form == "atom":
            return [Piece(data)]
        if form == "quoted":
            data = data.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            return [Piece(b'"' + data + b'"')]
        return self.literal(data)

    def box(self, names=FIXED + OTHERS):
        return self.string(self.random.choice(names))

    def word(self):
        return self.string(self.random.choice(WORDS))

    def login(self, user, password):
        return self.command(b"LOGIN ", self.string(user), b" ",
                            self.string(password))

    def one(self):
        return getattr(self, self.random.choice(KINDS))()

    # Kinds of commands

    def noop(self):
        return self.command(self.random.choice(
            [b"NOOP", b"noop", b"CHECK", b"NAMESPACE", b"ID NIL", b"IDLE",
             b"ENABLE CONDSTORE", b"EXPUNGE",
             b"XNONSENSE {3} x"]))

    def select(self):
        verb = self.random.choice([b"SELECT ", b"EXAMINE ", b"select "])
        return self.command(verb, self.box(FIXED))

    def manage(self):
        verb = self.random.choice([b"CREATE ", b"DELETE ", b"SUBSCRIBE ",
                                   b"UNSUBSCRIBE "])
        return self.command(verb, self.box(OTHERS))

    def rename(self):
        return self.command(b"RENAME ", self.box(OTHERS), b" ",
                            self.box(OTHERS))

    def look(self):
        kind = self.random.randrange(3)
        if kind == 0:
            return self.command(b"LIST ", self.string(""), b" ",
                                self.string(self.random.choice("*%")))
        if kind == 1:
            return self.command(b"STATUS ", self.box(),
                                b" (MESSAGES UIDNEXT UNSEEN)")
        return self.command(b"LSUB ", self.string(""), b' "*"')

    def search(self):
        parts = [self.random.choice([b"SEARCH", b"UID SEARCH"])]
        for _ in range(self.random.randint(1, 3)):
            key = self.random.choice([b" SUBJECT ", b" TEXT ", b" NOT BODY ",
                                      b" OR SEEN FROM "])
            parts += [key, self.word()]
        return self.command(*parts)

    def fetch(self):
        return self.command(self.random.choice(
            [b"FETCH 1:* (FLAGS UID)", b"FETCH 1 BODY[]",
             b"FETCH 2 (BODY.PEEK[HEADER.FIELDS (SUBJECT \"To\")] UID)",
             b"UID FETCH 1:3 (BODY.PEEK[] RFC822.SIZE)",
             b"FETCH 1:* BINARY.PEEK[]", b"fetch 3 ENVELOPE"]))

    def fetch_odd(self):
        return self.command(b"FETCH 1:2 (BODY.PEEK[HEADER.FIELDS (",
                            self.string(self.random.choice(
                                ["Subject", "X-Odd", "To"])), b")])")

    def store(self):
        return self.command(b"STORE %d %sFLAGS%s (%s)" % (
            self.random.randint(1, 4), self.random.choice([b"+", b"-", b""]),
            self.random.choice([b"", b".SILENT"]),
            self.random.choice(FLAGS).encode()))

    def copy(self):
        return self.command(b"COPY 1:2 ", self.box())

    def append(self):
        lines = self.random.choices(LINES, k=self.random.randint(0, 40))
        data = b"Subject: appended\r\n\r\n" + b"\r\n".join(lines)
        binary = self.random.random() < 0.1
        if binary:
            data += bytes(range(256))
        flags = b""
        if self.random.random() < 0.5:
            flags = b" (%s)" % self.random.choice(FLAGS).encode()
        return self.command(b"APPEND ", self.box(), flags + b" ",
                            self.literal(data, binary))


KINDS = ["noop", "select", "select", "manage", "rename", "look", "search",
         "search", "fetch", "fetch_odd", "store", "copy", "append", "append"]


def random_session(random, user, password, plus=True):
    maker = Maker(random, plus)
    commands = [maker.login(user, password), maker.command(b"SELECT INBOX")]
    commands += [maker.one() for _ in range(random.randint(3, 15))]
    return commands + [maker.command(b"LOGOUT")]


class Gone(Exception):
    """The connection ended, or was cut."""


class Talk:
    """Runs a session, in pieces of random size, waiting where it must.

    patient: the share of commands whose answer it awaits.
    cut: after so many bytes the client is gone.
    """

    PATIENCE = 20

    def __init__(self, wire, random, patient, cut=None):
        self.wire, self.random = wire, random
        self.patient, self.cut = patient, cut
        self.heard = framing.Reader(b"")
        self.responses = []
        self.sent = 0
        self.waited = 0  # answers "+" used up so far
        self.over = False

    def run(self, commands):
        self.commands = commands
        self._wait(lambda: self.responses)  # the greeting
        try:
            for command in commands:
                self._one(command)
            self._wait(lambda: False)
        except Gone:
            pass

    def _one(self, command):
        command.said = b""
        for number, chunk in enumerate(command.chunks):
            if number > 0 and not self._go_ahead(command.tag):
                return
            self._send(chunk, command)
        if self.random.random() < self.patient:
            self._wait(lambda: self._answered(command.tag))

    def _go_ahead(self, tag):
        def asked():
            return sum(r.startswith(b"+") for r in self.responses)
        self._wait(lambda: asked() > self.waited or self._answered(tag))
        if asked() > self.waited:
            self.waited += 1
            return True
        return False

    def _answered(self, tag):
        return any(r.startswith(tag + b" ") for r in self.responses)

    def _wait(self, question):
        while not question():
            if self.over:
                raise Gone()
            if not self._read(self.PATIENCE):
                raise AssertionError("the server does not answer; it said "
                                     "last: %r" % self.responses[-3:])

    def _send(self, data, command):
        while data:
            while self._read(0):
                pass
            size = self.random.choice([1, 3, 10, 100, 10000])
            piece, data = data[:size], data[size:]
            if self.cut is not None:
                piece = piece[:self.cut - self.sent]
            try:
                self.wire.send(piece)
            except OSError:
                raise Gone()
            command.said += piece
            self.sent += len(piece)
            if self.sent == self.cut:
                self.wire.close()
                raise Gone()
            if self.random.random() < 0.05:
                time.sleep(0.002)

    def _read(self, patience):
        """False: nothing came."""
        sock = self.wire.sock
        kept = getattr(sock, "pending", lambda: 0)()
        if self.over or not (kept or select.select([sock], [], [],
                                                   patience)[0]):
            return False
        data = self.wire.more()
        self.over = not data
        self.heard.data += data
        self.responses += iter(lambda: framing.response(self.heard), None)
        return True
