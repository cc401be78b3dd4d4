# SPDX-License-Identifier: GPL-3.0-or-later
"""ports.py - free loopback ports, and waiting for something to be so.

A port stays reserved for this test process by an abstract socket of its
number, so that tests and whole runs side by side never get the same one. They
lie below the range from which the kernel takes ports for outgoing connections.
"""

import random
import socket
import time

FIRST, LAST = 12000, 32000
_reserved = {}


def _reserve(port):
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind("\0imapward-test-port-%d" % port)
    except OSError:
        mark.close()
        return False
    _reserved[port] = mark
    return True


def _can_bind(family, address, port):
    try:
        with socket.socket(family) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
        return True
    except OSError:
        return False


def has_ipv6():
    return _can_bind(socket.AF_INET6, "::1", 0)


def _unused(port):
    return (_can_bind(socket.AF_INET, "127.0.0.1", port) and
            (not has_ipv6() or _can_bind(socket.AF_INET6, "::1", port)))


def free_port():
    for _ in range(1000):
        port = random.randint(FIRST, LAST)
        if port in _reserved or not _reserve(port):
            continue
        if _unused(port):
            return port
        _reserved.pop(port).close()
    raise RuntimeError("no free port on loopback")


def accepts(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


def wait_until(what, question, seconds=10.0, every=0.02):
    """The first true answer of question(), or an AssertionError."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("waited %g s in vain: %s" % (seconds, what))
        time.sleep(every)
