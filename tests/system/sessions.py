# SPDX-License-Identifier: GPL-3.0-or-later
"""sessions.py - TLS sessions as openssl s_client saves them, and their ticket.

SSL_SESSION is a SEQUENCE, in PEM; the ticket is its [10], an OCTET STRING.
"""

import ssl

MARK = "SSL SESSION PARAMETERS"
TICKET = 0xaa


def _element(tag, content):
    n = len(content)
    size = n.to_bytes((n.bit_length() + 7) // 8 or 1, "big")
    head = bytes([n]) if n < 0x80 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + head + content


def _elements(data):
    """(tag, content) of each, one behind the other."""
    while data:
        n, at = data[1], 2
        if n >= 0x80:
            at += n & 0x7f
            n = int.from_bytes(data[2:at], "big")
        yield data[0], data[at:at + n]
        data = data[at + n:]


def _read(path):
    with open(path) as f:
        text = f.read().replace(MARK, "CERTIFICATE")
    (_, content), = _elements(ssl.PEM_cert_to_DER_cert(text))
    return list(_elements(content))


def saved_ticket(path):
    for tag, content in _read(path):
        if tag == TICKET:
            (_, ticket), = _elements(content)
            return ticket
    raise AssertionError("no ticket in " + path)


def save_ticket(path, changed, ticket):
    """The session of `path` with another ticket, in `changed`."""
    content = b"".join(
        _element(tag, _element(0x04, ticket) if tag == TICKET else part)
        for tag, part in _read(path))
    text = ssl.DER_cert_to_PEM_cert(_element(0x30, content))
    with open(changed, "w") as f:
        f.write(text.replace("CERTIFICATE", MARK))
