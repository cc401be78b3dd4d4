# SPDX-License-Identifier: GPL-3.0-or-later
"""load.py - many clients, a backend that bears them, and what they cost.

    clients = self.clients(gate, count=2000, seconds=120, steps="lsfiq")
    said = clients.result()      # a dictionary: begun, done, errors, ...
"""

import collections
import json
import os
import signal
import subprocess
import threading
import time
import unittest

from dovecot import Dovecot
from gate import Case, needs_gate, wait_until
from ports import accepts, free_port
from processes import descriptors, memory, processor_seconds, start, stop

FULL = os.environ.get("LOAD_SIZE") == "full"
TOOLS = os.environ.get("LOAD_TOOLS", "")
MEGABYTE = 1 << 20
USERS = 100

# No limit is what is tested here; 20,000 descriptors are two per session.
UNLIMITED = {"limits": {"connections": 9900, "connections_per_address": 9900,
                        "unauthenticated": 9900, "handshakes": 9900,
                        "handshakes_per_address": 9900,
                        "exempt": ["127.0.0.0/8"], "sessions_per_user": 9900,
                        # Pages of it used for the first time are no leak.
                        "memory": "1MiB",
                        "rules": [{"name": "logins-per-user",
                                   "limit": "none"}]}}

full_only = unittest.skipUnless(FULL, "only with --full")

MESSAGE = ("From: Test <test@example.org>\r\nSubject: load\r\n\r\n" +
           "".join("%06d %s\r\n" % (n, "abc OK [x] {9}" * 4)
                   for n in range(300)))

# On top of the configuration of the system tests.
MANY = """
mail_max_userip_connections = 0
service imap {
  client_limit = 100
  process_limit = 60
  service_count = 0
}
service imap-login {
  client_limit = 5000
  process_limit = 2
  process_min_avail = 2
  service_count = 0
}
service auth {
  client_limit = 20000
}
service anvil {
  client_limit = 20000
}
service stats {
  client_limit = 20000
}
"""


class BigDovecot(Dovecot):
    """For thousands of sessions of u0, u1, ...; one message in each mailbox."""

    def __init__(self, folder, certs):
        super().__init__(folder, certs, messages=0)
        with open(os.path.join(folder, "users"), "a") as f:
            for n in range(USERS):
                f.write("u%d:{PLAIN}correct-horse::::::\n" % n)
        with open(os.path.join(folder, "dovecot.conf"), "a") as f:
            f.write(MANY)
        for n in range(USERS):
            os.mkdir(self.maildir("u%d" % n))
            self.deliver("u%d" % n, MESSAGE.replace("\r\n", "\n"))
        self._own_everything()


class FastBackend:
    """tests/load/backend: one thread, ten thousand sessions."""

    def __init__(self, folder, message):
        self.port = free_port()
        self.output = os.path.join(folder, "backend.output")
        self.process = start([os.path.join(TOOLS, "backend"), str(self.port),
                              message], self.output)
        wait_until("the backend listens", lambda: accepts(self.port))

    def stop(self):
        stop(self.process)

    def explain(self):
        with open(self.output) as f:
            return f.read()


class Clients:
    """One run of tests/load/client."""

    def __init__(self, gate, certs, message, count, steps="lsfiq",
                 seconds=0, sessions=None, **more):
        command = [os.path.join(TOOLS, "client"), "-p", gate.port, "-a",
                   certs.ca, "-m", message, "-n", count, "-s", steps,
                   "-t", seconds]
        if sessions:
            command += ["-c", sessions]
        for name, value in more.items():
            command += ["-" + name] + [value] * (value is not True)
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def hold(self):
        """Waits until all are in step h; itself."""
        line = self.process.stdout.readline()
        if line != "holding\n":
            raise AssertionError("clients: %r\n%s" %
                                 (line, self.process.communicate()[1]))
        return self

    def result(self):
        """Lets go those that hold, and waits for the end of all."""
        output, said = self.process.communicate("\n")
        if not output:
            raise AssertionError("the clients died:\n" + said)
        result = json.loads(output.splitlines()[-1])
        result["said"] = said
        return result

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def explain(self):
        return ""


class Watch:
    """Looks at the relay every second, and reloads as often when asked to:
    each time with the other one of two certificates."""

    def __init__(self, gate, reload=False):
        self.gate, self.reload = gate, reload
        self.reloads = 0
        self.before = gate.stderr().count("was reloaded")
        self.memory_most = self.descriptors_most = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        relay = self.gate.relay()
        while not self.over.wait(1):
            self.memory_most = max(self.memory_most, memory(relay))
            self.descriptors_most = max(self.descriptors_most,
                                        len(descriptors(relay)))
            if self.reload and self._taken():
                self.reloads += 1
                self.gate.present("second" if self.reloads % 2 else "leaf")
                self.gate.signal(signal.SIGHUP)

    def _taken(self):
        """The last one is in use: its files may be replaced."""
        return (self.gate.stderr().count("was reloaded") - self.before ==
                self.reloads)

    def stop(self):
        self.over.set()
        self.thread.join()


class Tally:
    """All events of an audit file, counted in one pass."""

    def __init__(self, path):
        self.actions = collections.Counter()
        self.failures = collections.Counter()
        self.sessions = {"connection": collections.Counter(),
                         "tls": collections.Counter(),
                         "login": collections.Counter()}
        self.users = collections.Counter()
        self.reasons = collections.Counter()
        self.dropped = 0
        with open(path) as f:
            for line in f:
                self._add(json.loads(line))

    def _add(self, event):
        action = event["event.action"]
        self.actions[action] += 1
        if event.get("event.outcome") == "failure":
            self.failures[action] += 1
        if action in self.sessions:
            self.sessions[action][event["imapward.session"]] += 1
        if action == "login":
            self.users[event["user.name"]] += 1
        if action == "connection":
            self.reasons[event.get("event.reason")] += 1
        if action == "dropped":
            self.dropped += event["imapward.count"]


@needs_gate
class LoadCase(Case):
    def setUp(self):
        super().setUp()
        self.message = os.path.join(self.folder, "message")
        with open(self.message, "w", newline="") as f:
            f.write(MESSAGE)

    def start_big_dovecot(self):
        return self.keep(BigDovecot(self.new_folder("dovecot"),
                                    self.certs)).start()

    def start_fast_backend(self):
        return self.keep(FastBackend(self.folder, self.message))

    def clients(self, gate, count, **more):
        return self.keep(Clients(gate, self.certs, self.message, count,
                                 **more))

    def watch(self, gate, **more):
        watch = Watch(gate, **more)
        self.addCleanup(watch.stop)
        return watch

    def without_error(self, said):
        """What the clients saw, when they must have seen nothing wrong."""
        self.assertEqual((said["errors"], said["refused"], said["lost"]),
                         (0, 0, 0), said)
        self.assertEqual(said["done"], said["begun"], said)
        self.assertGreater(said["done"], 0)
        return said

    def files(self, gate):
        """How many descriptors the relay has without sessions. libuv opens
        one more for each worker when the first connection comes."""
        workers = gate.config["process"]["workers"]
        return len(descriptors(gate.relay())) + workers

    def settled(self, gate, files, patience=30):
        """All sessions are gone; (memory, descriptors) of the relay."""
        relay = gate.relay()
        wait_until("as few descriptors as before: %d" % files,
                   lambda: len(descriptors(relay)) <= files, patience, 0.2)
        return memory(relay), len(descriptors(relay))

    def told_once(self, gate, begun):
        """Stops the gate. Each of so many sessions has its events, once."""
        gate.stop()
        tally = Tally(gate.audit_path)
        for action, sessions in tally.sessions.items():
            self.assertEqual(len(sessions), begun, action)
            self.assertEqual(set(sessions.values()), {1}, action)
        self.assertEqual(tally.failures - collections.Counter(backend=9), {})
        self.assertEqual(tally.dropped, 0)
        return tally

    def say(self, title, **figures):
        print("%s: %s" % (title, ", ".join(
            "%s %s" % (name.replace("_", " "), figure)
            for name, figure in figures.items())))


def mb(size):
    return "%.1f MB" % (size / MEGABYTE)


__all__ = ["FULL", "LoadCase", "MEGABYTE", "MESSAGE", "UNLIMITED", "full_only",
           "mb", "processor_seconds", "memory", "descriptors", "wait_until"]
