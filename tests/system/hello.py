# SPDX-License-Identifier: GPL-3.0-or-later
"""hello.py - ClientHellos that no library would send, and records read back."""

import os
import struct

from script import everything, raw_connection

HANDSHAKE, ALERT = 22, 21
SERVER_HELLO = 2

# RFC 9325: ECDHE and an AEAD, nothing else (TLS 1.2).
GOOD = {0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8}
GOOD_13 = {0x1301, 0x1302, 0x1303}

GROUPS = struct.pack("!HHHHH", 8, 0x001d, 0x0017, 0x0018, 0x0019)
SIGNATURES = struct.pack("!HHHHHHH", 12, 0x0403, 0x0804, 0x0805, 0x0401,
                         0x0503, 0x0201)


def counted(data, size):
    return len(data).to_bytes(size, "big") + data


def extension(number, data):
    return struct.pack("!H", number) + counted(data, 2)


def name_extension(name):
    return extension(0, counted(b"\0" + counted(name, 2), 2))


def alpn_extension(*names):
    return extension(16, counted(b"".join(counted(n, 1) for n in names), 2))


BASICS = (extension(10, GROUPS) + extension(11, b"\x01\0") +
          extension(13, SIGNATURES))


def tls13(key):
    """What a hello for TLS 1.3 has besides, with this X25519 key."""
    return extension(43, b"\x02\x03\x04") + extension(51, counted(
        struct.pack("!H", 0x001d) + counted(key, 2), 2))


TLS13 = tls13(os.urandom(31) + b"\x21")  # its highest bit is never set


def record(kind, data, version=0x0301):
    return struct.pack("!BHH", kind, version, len(data)) + data


def client_hello(suites, extensions=BASICS, compression=b"\0",
                 version=0x0303):
    """One record with a ClientHello."""
    body = (struct.pack("!H", version) + os.urandom(32) + b"\0" +
            counted(b"".join(struct.pack("!H", s) for s in suites), 2) +
            counted(compression, 1) + counted(extensions, 2))
    return record(HANDSHAKE, b"\x01" + counted(body, 3))


def answer(port, *pieces):
    """The first record that comes back: (type, bytes); (None, all) if none.

    Says the pieces, then reads until that record is there or all is over.
    """
    sock = raw_connection(port)
    with sock:
        for piece in pieces:
            sock.sendall(piece)
        said = b""
        while len(said) < 5 or len(said) < 5 + int.from_bytes(said[3:5],
                                                              "big"):
            try:
                data = sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None, said
            said += data
        if said[0] == ALERT:
            said += everything(sock)  # it closes by itself
        return said[0], said[5:5 + int.from_bytes(said[3:5], "big")]


def chosen(body):
    """(version, suite, compression) of a ServerHello."""
    assert body[0] == SERVER_HELLO, body
    version, at = struct.unpack("!H", body[4:6])[0], 38
    at += 1 + body[at]
    suite = struct.unpack("!H", body[at:at + 2])[0]
    return version, suite, body[at + 2]
