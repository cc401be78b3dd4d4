# SPDX-License-Identifier: GPL-3.0-or-later
"""framing.py - what a server understood, from a recording of both sides.

A reading of RFC 9051 that shares nothing with imapward's: not its code, and
not its way of working, for it sees whole recordings, not pieces.
"""

import re

LITERAL = re.compile(rb"~?\{(\d+)(\+?)\}\r\n\Z")
STATUS = re.compile(rb"\S+ (OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)


class Reader:
    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0

    def more(self):
        return self.at < len(self.data)

    def line(self):
        """With its CRLF; without one where the recording ends first."""
        end = self.data.find(b"\r\n", self.at)
        end = len(self.data) if end < 0 else end + 2
        line, self.at = self.data[self.at:end], end
        return line

    def exactly(self, size):
        piece = self.data[self.at:self.at + size]
        self.at += len(piece)
        return piece


def response(reader):
    """The next one, literals included; None when it is not all there."""
    begin, whole = reader.at, reader.line()
    line = whole
    while not (whole.startswith(b"+") or STATUS.match(whole)):
        literal = LITERAL.search(line)
        if not literal:
            break
        whole += reader.exactly(int(literal.group(1)))
        line = reader.line()
        whole += line
    if not line.endswith(b"\r\n"):
        reader.at = begin
        return None
    return whole


def responses(heard):
    """All that the server sent."""
    reader = Reader(heard)
    return list(iter(lambda: response(reader), None))


class Answers:
    """Was what waits for a "+" given one, or the end of its command?"""

    def __init__(self, heard):
        self.left = responses(heard)

    def go_ahead(self, tag):
        """None when the recording ends before either."""
        while self.left:
            first = self.left.pop(0)
            if first.startswith(b"+"):
                return True
            if first.startswith(tag + b" "):
                return False
        return None


def commands(said, heard):
    """What the client sent, one entry a command: (whole, complete)."""
    reader, answers, found = Reader(said), Answers(heard), []
    while reader.more():
        found.append(_command(reader, answers))
    return found


def _command(reader, answers):
    whole = line = reader.line()
    tag, _, rest = whole.partition(b" ")
    verb = rest.split()[0].upper() if rest.split() else b""
    if verb in (b"IDLE", b"AUTHENTICATE") and line.endswith(b"\r\n"):
        waits = verb == b"IDLE" or len(rest.split()) < 3
        if waits and answers.go_ahead(tag):
            line = reader.line()
            whole += line
        return whole, line.endswith(b"\r\n")
    while True:
        literal = LITERAL.search(line)
        if not literal:
            return whole, line.endswith(b"\r\n")
        if not literal.group(2):
            go = answers.go_ahead(tag)
            if go is not True:
                return whole, go is False  # refused, or never heard
        size = int(literal.group(1))
        piece = reader.exactly(size)
        line = reader.line()
        whole += piece + line
        if len(piece) < size:
            return whole, False
