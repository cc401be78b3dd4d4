# SPDX-License-Identifier: GPL-3.0-or-later
"""script.py - a conversation both ends of which are written down in advance.

    steps = [C(b"a NOOP\\r\\n"), S(b"* 1 EXISTS\\r\\na OK done\\r\\n"),
             C(b"b APPEND x {3+}\\r\\n", arrives=b"b APPEND x {3}\\r\\n")]
    backend = Backend(scripted(steps, bytewise))
    play(wire, steps, bytewise)

C is what the client sends, S what the backend sends after login; arrives is
what the other side must get when that is not the same. Both ends send in
pieces made by a cut, wait for all of a step before the next one, and keep
every byte they got.
"""

import random
import re
import socket
import ssl

from fake import Conversation
from wire import PATIENCE, Wire

NONSYNC = re.compile(rb"\{(\d+)\+\}\r\n")


class Step:
    def __init__(self, data, arrives=None):
        self.data = data
        self.arrives = data if arrives is None else arrives


class C(Step):
    pass


class S(Step):
    pass


def nonsync(command):
    """The steps of a command with literals {n+}: the backend gets each as {n}.

    Its requests for them are not shown to a client that waits for none.
    """
    steps, begin, size = [], 0, 0
    while True:
        literal = NONSYNC.search(command, begin + size)
        piece = command[begin:]
        if literal:
            piece = command[begin:literal.end(1)] + b"}\r\n"
        if steps:
            steps += [S(b"+ go on {5}\r\n", arrives=b""),
                      C(b"", arrives=piece)]
        else:
            steps = [C(command, arrives=piece)]
        if not literal:
            return steps
        begin, size = literal.end(), int(literal.group(1))


# --- cuts: data -> pieces ---------------------------------------------------

def whole(data):
    yield data


def bytewise(data):
    for at in range(len(data)):
        yield data[at:at + 1]


def by(size):
    def cut(data):
        for at in range(0, len(data), size):
            yield data[at:at + size]
    return cut


def randomly(seed, most=40):
    """The same seed, the same cuts."""
    def cut(data):
        dice = random.Random(seed)
        at = 0
        while at < len(data):
            size = dice.randint(1, most)
            yield data[at:at + size]
            at += size
    return cut


# --- both ends --------------------------------------------------------------

def scripted(steps, cut=whole, **more):
    """A kind of Conversation that plays its part of the steps after login."""
    class Scripted(Conversation):
        def verdict(self, tag, user, password):
            super().verdict(tag, user, password)
            if self.user is None:
                return
            self.sock.settimeout(PATIENCE)
            self.got = b""
            for step in steps:
                if isinstance(step, S):
                    for piece in cut(step.data):
                        self.send(piece)
                else:
                    self.got += self.read_exactly(len(step.arrives))

    for name, value in more.items():
        setattr(Scripted, name, value)
    return Scripted


def play(wire, steps, cut=whole):
    """The client's part. What it got in reply to each of its own steps."""
    for step in steps:
        if isinstance(step, C):
            for piece in cut(step.data):
                wire.send(piece)
        else:
            got = wire.exactly(len(step.arrives))
            assert got == step.arrives, "expected %r, got %r" % (
                step.arrives[:2000], got[:2000])


def sent(steps):
    """All that the backend must have got."""
    return b"".join(s.arrives for s in steps if isinstance(s, C))


class Sliced(Wire):
    """A TLS client whose records themselves are cut on their way out.

    The TLS is done in memory, so a test may look at records, alter them, or
    put bytes of its own between them (self.raw).
    """

    def __init__(self, port, tls, cut=whole, session=None, host="localhost"):
        self.cut = cut
        self.session = session
        super().__init__(port, tls=tls, host=host)

    def starttls(self, context):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname=self.host,
                                    session=self.session)
        self._pump(self.tls.do_handshake)

    def send(self, data):
        self._pump(self.tls.write, data)

    def more(self):
        try:
            return self._pump(self.tls.read, 65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError,
                ssl.SSLZeroReturnError):
            return b""

    def flush(self):
        for piece in self.cut(self.outgoing.read()):
            self.raw.sendall(piece)

    def _pump(self, do, *arguments):
        while True:
            try:
                done = do(*arguments)
                self.flush()
                return done
            except ssl.SSLWantReadError:
                self.flush()
                data = self.raw.recv(65536)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()


def raw_connection(port, patience=PATIENCE, source=None):
    sock = socket.create_connection(("127.0.0.1", port), patience,
                                    source and (source, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def everything(sock):
    """What comes until the other side closes, by FIN or RST."""
    said = b""
    while True:
        try:
            data = sock.recv(65536)
        except ConnectionResetError:
            return said
        if not data:
            return said
        said += data
