# SPDX-License-Identifier: GPL-3.0-or-later
"""attack.py - attackers and people before a gate, and a backend that counts.

They come from addresses of their own, 127.x.y.z, to 127.0.0.1: a client that
comes from the very address it comes to is spared what is counted by address.
In clear, where that saves time: what is judged is the same.
"""

import collections
import concurrent.futures
import json
import threading

from fake import Backend, Conversation
from gate import IMAPWARD, Case, merge

GOOD = "correct-horse"
WRONG = b"NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"


class Asked:
    """What the backend was asked, whoever it was that asked."""

    def __init__(self):
        self.lock = threading.Lock()
        self.pairs = []

    def note(self, user, password):
        with self.lock:
            self.pairs.append((user.decode(), password.decode()))

    def __len__(self):
        return len(self.pairs)

    def users(self):
        return collections.Counter(user for user, _ in self.pairs)


def counting(asked, **more):
    class Counting(Conversation):
        def verdict(self, tag, user, password):
            asked.note(user, password)
            super().verdict(tag, user, password)
    for name, value in more.items():
        setattr(Counting, name, value)
    return Counting


class Attacked(Case):
    """A gate that is attacked; self.asked has what came through."""

    def attacked(self, limits=None, change=None, **more):
        self.asked = Asked()
        self.backend = self.keep(Backend(counting(self.asked, **more)))
        gate = self.make_gate(self.backend)
        clear = merge(gate.config["listeners"][1],
                      {"plaintext_networks": ["127.0.0.0/8"]})
        gate.change({"listeners": [gate.config["listeners"][0], clear],
                     "timeouts": {"auth_failure_delay": "0s"},
                     "limits": limits or {}})
        gate.change(change or {})
        return gate.start()

    def attempt(self, gate, user, password, source, tls=False):
        """The gate's answer to one login on a connection of its own, without
        its tag; b"" if it would not even greet."""
        try:
            wire = self.wire(gate, clear=not tls, source=source)
        except OSError:
            return b""
        try:
            if not wire.line().startswith(b"* OK"):
                return b""
            wire.send(b'a LOGIN "%s" "%s"\r\n' %
                      (user.encode(), password.encode()))
            _, verdict = wire.until(rb"a ")
            return verdict.partition(b" ")[2]
        finally:
            wire.close()

    def logs_in(self, gate, user, source, **more):
        answer = self.attempt(gate, user, GOOD, source, **more)
        self.assertTrue(answer.startswith(b"OK "), answer)

    def several(self, numbers, what):
        """What what(n) gives for each n, some of them at a time."""
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            return list(pool.map(what, numbers))

    def at_once(self, count, what):
        """What what(n) gives for each n below count, all at the same time."""
        barrier = threading.Barrier(count)

        def one(n):
            barrier.wait()
            return what(n)

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    def ask(self, gate, *words):
        return self.succeeds(IMAPWARD, *words, "-s",
                             gate.admin_path).decode()

    def bans(self, gate):
        return json.loads(self.ask(gate, "ban", "list", "--json"))["bans"]

    def status(self, gate):
        return json.loads(self.ask(gate, "status", "--json"))

    def held(self, gate, rule):
        return next(r["held"] for r in self.status(gate)["rules"]
                    if r["name"] == rule)


def rule(name, **more):
    """A rule of the configuration, or what is changed of one built in."""
    return dict(more, name=name)


__all__ = ["Attacked", "Asked", "GOOD", "WRONG", "counting", "rule"]
