# SPDX-License-Identifier: GPL-3.0-or-later
"""fake.py - a backend that records every byte and misbehaves on request.

    class Dying(Conversation):
        def command(self, tag, verb, rest):
            if verb == b"FETCH":
                self.send(b"* 1 FETCH (BODY[] {1000}\\r\\nhalf")
                return self.hang_up()
            return super().command(tag, verb, rest)

    backend = Backend(Dying)
"""

import base64
import re
import socket
import struct
import threading

from ports import free_port

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")


class Conversation:
    """One connection, served by the thread that calls serve()."""

    greeting = b"* OK fake ready\r\n"
    words = b"IMAP4rev1 SASL-IR LITERAL+ ID IDLE AUTH=PLAIN AUTH=LOGIN"
    password = b"correct-horse"

    def __init__(self, sock):
        self.sock = sock
        self.received = b""
        self.unread = b""
        self.commands = []   # whole commands, literals included
        self.user = None     # who logged in
        self.ended = threading.Event()

    def serve(self):
        try:
            self.greet()
            while True:
                command = self.read_command()
                if not command:
                    break
                self.commands.append(command)
                tag, _, text = command.partition(b" ")
                verb, _, rest = text.rstrip(b"\r\n").partition(b" ")
                self.command(tag, verb.upper(), rest)
        except OSError:
            pass
        finally:
            self.sock.close()
            self.ended.set()

    # What a test may replace.

    def greet(self):
        self.send(self.greeting)

    def command(self, tag, verb, rest):
        method = getattr(self, "do_" + verb.decode("ascii", "replace"), None)
        if method:
            method(tag, rest)
        else:
            self.ok(tag)

    def wants_literal(self, size):
        """A synchronising literal was announced: ask for it."""
        self.send(b"+ go ahead\r\n")
        return True

    def do_CAPABILITY(self, tag, rest):
        self.send(b"* CAPABILITY " + self.words + b"\r\n")
        self.ok(tag)

    def do_LOGOUT(self, tag, rest):
        self.send(b"* BYE so long\r\n")
        self.ok(tag)
        self.hang_up()

    def do_LOGIN(self, tag, rest):
        user, password = arguments(rest)
        self.verdict(tag, user, password)

    def do_AUTHENTICATE(self, tag, rest):
        mechanism, _, initial = rest.partition(b" ")
        if mechanism.upper() == b"LOGIN":
            user = self.ask(b"VXNlcm5hbWU6")
            return self.verdict(tag, user, self.ask(b"UGFzc3dvcmQ6"))
        blob = base64.b64decode(initial) if initial else self.ask(b"")
        _, user, password = (blob.split(b"\0") + [b"", b""])[:3]
        self.verdict(tag, user, password)

    def verdict(self, tag, user, password):
        if password == self.password:
            self.user = user
            self.send(tag + b" OK [CAPABILITY " + self.words +
                      b"] Logged in\r\n")
        else:
            self.send(tag + b" NO [AUTHENTICATIONFAILED] no\r\n")

    # What a test may use.

    def send(self, data):
        self.sock.sendall(data)

    def ok(self, tag):
        self.send(tag + b" OK done\r\n")

    def ask(self, challenge):
        self.send(b"+ " + challenge + b"\r\n")
        return base64.b64decode(self.read_line())

    def hang_up(self, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        self.sock.close()

    def read_line(self):
        while b"\n" not in self.unread:
            if not self._read():
                return b""
        line, end, self.unread = self.unread.partition(b"\n")
        return line + end

    def read_exactly(self, size):
        while len(self.unread) < size and self._read():
            pass
        data, self.unread = self.unread[:size], self.unread[size:]
        return data

    def read_command(self):
        whole = self.read_line()
        while True:
            literal = LITERAL.search(whole)
            if not literal:
                return whole
            size = int(literal.group(1))
            if not literal.group(2) and not self.wants_literal(size):
                return self.read_command()
            whole += self.read_exactly(size) + self.read_line()

    def _read(self):
        data = self.sock.recv(65536)
        self.received += data
        self.unread += data
        return data


class Backend:
    """Serves Conversations on port until stop()."""

    def __init__(self, kind=Conversation, port=None):
        self.kind = kind
        self.port = port or free_port()
        self.conversations = []
        self.listener = socket.create_server(("127.0.0.1", self.port),
                                             backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # close() would not wake accept
        self.listener.close()
        for conversation in self.conversations:
            try:
                conversation.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def sessions(self):
        """Those in which somebody logged in, in order: no probes."""
        return [c for c in self.conversations if c.user is not None]

    def received(self):
        return b"".join(c.received for c in self.conversations)

    def explain(self):
        return "\n".join(repr(c.received[-500:])
                         for c in self.conversations[-5:])

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conversation = self.kind(sock)
            self.conversations.append(conversation)
            threading.Thread(target=conversation.serve, daemon=True).start()


def arguments(text):
    """The atoms, quoted strings and literals of a command, as bytes."""
    found = []
    while text:
        text = text.lstrip(b" ")
        literal = re.match(rb"\{(\d+)\+?\}\r\n", text)
        quoted = re.match(rb'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
        if literal:
            end = literal.end() + int(literal.group(1))
            found.append(text[literal.end():end])
            text = text[end:]
        elif quoted:
            found.append(re.sub(rb"\\(.)", rb"\1", quoted.group(1)))
            text = text[quoted.end():]
        else:
            atom, _, text = text.partition(b" ")
            found.append(atom)
    return found
