# SPDX-License-Identifier: GPL-3.0-or-later
"""wire.py - an IMAP client that says exactly what the test says, byte by byte.

    wire = Wire(port)                       in clear
    wire = Wire(port, tls=trusting(ca))     TLS from the first byte
    wire.send(b"a LOGIN alice {5}\\r\\n")
    wire.expect(rb"\\+ ")                   the next line matches, or it fails
    lines, verdict = wire.command("a", b"NOOP")
"""

import base64
import re
import socket
import ssl
import struct

PATIENCE = 15.0
LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


def trusting(ca, version=None, alpn=None):
    """A client context that verifies against ca; version is "1.2" or "1.3"."""
    context = ssl.create_default_context(cafile=ca)
    if version:
        exact = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
        context.minimum_version = context.maximum_version = exact[version]
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def plain_response(user, password, authzid=""):
    text = "%s\0%s\0%s" % (authzid, user, password)
    return base64.b64encode(text.encode())


class Wire:
    def __init__(self, port, tls=None, host="localhost", address="127.0.0.1",
                 source=None):
        self.host = host
        self.raw = socket.create_connection((address, port), PATIENCE,
                                            source and (source, 0))
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self.raw
        self.unread = b""
        if tls:
            self.starttls(tls)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def starttls(self, context):
        assert not self.unread, "bytes in clear before TLS: %r" % self.unread
        self.sock = self.raw = context.wrap_socket(self.sock,
                                                   server_hostname=self.host)

    def certificate(self):
        """The server's leaf, DER."""
        return self.sock.getpeercert(binary_form=True)

    def patience(self, seconds):
        self.sock.settimeout(seconds)

    def send(self, data):
        self.sock.sendall(data)

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes by RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self):
        """Our FIN, without close_notify; reading goes on."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def more(self):
        """Whatever comes next; b"" at the end, however it came about."""
        try:
            return self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError,
                ssl.SSLZeroReturnError):
            return b""

    def line(self):
        """One line with its CRLF; what is left of one, or b"", at the end."""
        while b"\n" not in self.unread:
            data = self.more()
            if not data:
                break
            self.unread += data
        line, end, self.unread = self.unread.partition(b"\n")
        return line + end

    def exactly(self, size):
        parts = [self.unread[:size]]
        self.unread = self.unread[size:]
        have = len(parts[0])
        while have < size:
            data = self.more()
            if not data:
                break
            have += len(data)
            parts.append(data)
        data = b"".join(parts)
        self.unread += data[size:]
        return data[:size]

    def response(self):
        """One response with the literals in it."""
        whole = self.line()
        while True:
            literal = LITERAL.search(whole)
            if not literal:
                return whole
            whole += self.exactly(int(literal.group(1))) + self.line()

    def expect(self, pattern):
        """The next response matches from its beginning; returns the match."""
        response = self.response()
        found = re.match(pattern, response, re.IGNORECASE)
        assert found, "expected %r, got %r" % (pattern, response)
        return found

    def until(self, pattern):
        """Responses up to the one that matches: (those before, that one)."""
        before = []
        while True:
            response = self.response()
            if re.match(pattern, response, re.IGNORECASE):
                return before, response
            assert response, "no %r before the end, only %r" % (pattern,
                                                                before)
            before.append(response)

    def command(self, tag, text):
        """Sends one command; (untagged responses, tagged line)."""
        if isinstance(tag, str):
            tag = tag.encode()
        self.send(tag + b" " + text + b"\r\n")
        return self.until(re.escape(tag) + b" ")

    def greeting(self):
        return self.expect(rb"\* OK .*\r\n").group(0)

    def login(self, user, password):
        self.greeting()
        lines, verdict = self.command("login", b"AUTHENTICATE PLAIN " +
                                      plain_response(user, password))
        assert verdict.startswith(b"login OK"), verdict
        return lines, verdict

    def rest(self):
        """Everything up to the end of the connection."""
        whole, self.unread = self.unread, b""
        while True:
            data = self.more()
            if not data:
                return whole
            whole += data

    def ended(self):
        """True when the other side closed and nothing is left to read."""
        return self.rest() == b""
