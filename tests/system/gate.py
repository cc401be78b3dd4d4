# SPDX-License-Identifier: GPL-3.0-or-later
"""gate.py - the daemon under test, and the case that every test is.

Environment: IMAPWARD is the program (default build/imapward); GATE_CERTS a
folder for certificates; GATE_DIRECT=1 points the clients at Dovecot itself,
which proves the tests and not the gate.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import told
from certs import Certs
from dovecot import PASSWORD, USER, Dovecot
from ports import accepts, free_port, wait_until
from processes import alive, children, start, stop
from wire import Wire, trusting

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
IMAPWARD = os.path.abspath(os.environ.get("IMAPWARD") or
                           os.path.join(TOP, "build", "imapward"))
DIRECT = bool(os.environ.get("GATE_DIRECT"))

# An ASan build keeps freed memory; the memory tests want it back.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1:"
                      "thread_local_quarantine_size_kb=64")

# A sanitizer's report, or a failed assertion, fails any test.
CRASH = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|"
                   r"runtime error:|Assertion .* failed|stack smashing|"
                   r"double free|corrupted")

needs_gate = unittest.skipIf(DIRECT, "asks for what only the gate does")


def seconds(limit):
    """The time a test may take, when it is not the runner's 60 s."""
    def set_limit(test):
        test.seconds = limit
        return test
    return set_limit


def needs(*programs):
    missing = [p for p in programs if not shutil.which(p)]
    return unittest.skipIf(missing, "not installed: " + " ".join(missing))


# --- configuration ----------------------------------------------------------

PLAIN_SCALAR = re.compile(r"[A-Za-z0-9/][A-Za-z0-9_./@-]*\Z")


def to_yaml(value, indent=""):
    """Block-style YAML of dictionaries, lists of dictionaries and scalars."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines.append("%s%s:" % (indent, key))
            lines.append(to_yaml(item, indent + "  "))
        elif isinstance(item, (list, tuple)):
            lines.append("%s%s:%s" % (indent, key, "" if item else " []"))
            lines += [_yaml_item(entry, indent + "  ") for entry in item]
        else:
            lines.append("%s%s: %s" % (indent, key, _yaml_scalar(item)))
    return "\n".join(line for line in lines if line)


def _yaml_item(entry, indent):
    if not isinstance(entry, dict):
        return indent + "- " + _yaml_scalar(entry)
    return indent + "- " + to_yaml(entry, indent + "  ").lstrip()


def _yaml_scalar(item):
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int) or PLAIN_SCALAR.match(item):
        return str(item)
    return json.dumps(item)


def merge(base, change):
    """base with the values of change in place of its own; None removes."""
    merged = dict(base)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


# --- the daemon -------------------------------------------------------------

class Gate:
    """imapward in front of one backend port; the keeper's pid is pid."""

    def __init__(self, folder, certs, backend_port, change=None):
        self.folder = folder
        self.certs = certs
        self.port, self.clear_port = free_port(), free_port()
        self.process = None
        self.stopped_well = True
        self.config_path = os.path.join(folder, "imapward.yaml")
        self.audit_path = os.path.join(folder, "audit.jsonl")
        self.stderr_path = os.path.join(folder, "stderr")
        self.admin_path = os.path.join(folder, "admin.sock")
        self.state_path = os.path.join(folder, "state")
        self.chain = os.path.join(folder, "chain.pem")
        self.key = os.path.join(folder, "key.pem")
        self.present("leaf")
        self.configure(merge(self._defaults(backend_port), change or {}))

    def _defaults(self, backend_port):
        return {
            "listeners": [
                {"name": "imaps", "address": "127.0.0.1", "port": self.port,
                 "mode": "implicit"},
                {"name": "imap", "address": "127.0.0.1",
                 "port": self.clear_port, "mode": "starttls"},
            ],
            "certificates": [{"chain": self.chain, "key": self.key}],
            # What tests change on disk is read when they say so.
            "tls": {"watch": "0s"},
            "backends": [
                {"name": "main", "address": "127.0.0.1",
                 "port": backend_port, "trusted": True},
            ],
            "timeouts": {"auth_failure_delay": "100ms", "drain": "3s"},
            "admin": {"socket": self.admin_path},
            "state": {"path": self.state_path},
            "audit": {"sink": self.audit_path, "user": "plain",
                      "address": "full"},
            "process": {"workers": 2},
        }

    # Files

    def configure(self, config):
        self.config = config
        self.write_config(to_yaml(config) + "\n")

    def change(self, change):
        self.configure(merge(self.config, change))

    def policies(self, *names):
        """All listeners get these TLS policies."""
        self.change({"listeners": [merge(listener, {"tls_policies": names})
                                   for listener in self.config["listeners"]]})

    def write_config(self, text):
        with open(self.config_path, "w") as f:
            f.write(text)

    def present(self, name, key=None):
        """Puts the certificate of that name where the configuration looks."""
        shutil.copyfile(self.certs.chain(name), self.chain)
        shutil.copyfile(self.certs.key(key or name), self.key)
        os.chmod(self.key, 0o600)

    # Life

    @property
    def pid(self):
        return self.process.pid

    def start(self, prefix=(), arguments=(), **more):
        command = [*prefix, IMAPWARD, "run", "-c", self.config_path,
                   *arguments]
        self.process = start(command, self.stderr_path, **more)
        wait_until("imapward is ready", self._ready, 20)
        return self

    def restart(self):
        """Ends it if it runs, and starts it anew."""
        self.stop()
        os.truncate(self.stderr_path, 0)  # it says anew when it is ready
        return self.start()

    def relay(self):
        """The pid of the relay process."""
        return wait_until("there is a relay", lambda: children(self.pid))[0]

    def signal(self, number):
        os.kill(self.pid, number)

    def reload(self):
        """SIGHUP; the event that says how it went."""
        before = len(self.events("reload"))
        self.signal(signal.SIGHUP)
        return wait_until("a reload event",
                          lambda: self.events("reload")[before:])[0]

    def noticed(self, patience=15, number=1):
        """The reload event number `number`, which nobody asked for."""
        return wait_until("a reload event", lambda:
                          self.events("reload")[number - 1:], patience)[0]

    def wait(self, patience=15):
        """Waits for the end by itself; the exit code."""
        code = self.process.wait(patience)
        self.process = None
        return code

    def stop(self):
        """SIGTERM. Whether it ended well is told by complaints()."""
        if not self.process:
            return
        relays = children(self.pid)
        code = stop(self.process)
        self.process = None
        self.stopped_well = code == 0
        wait_until("the relay is gone too",
                   lambda: not any(alive(pid) for pid in relays), 5)

    def complaints(self):
        """Why a test must fail although its own words held, or ""."""
        crash = CRASH.search(self.stderr())
        if crash:
            return "the daemon wrote: " + crash.group(0)
        if not self.stopped_well:
            return "the daemon did not stop with exit code 0 in 15 s"
        return ""

    # Looking at it

    def stderr(self):
        return _read(self.stderr_path)

    def audit(self):
        return _read(self.audit_path)

    def events(self, action=None, **fields):
        """Events so far; fields are matched with _ for "." in names."""
        found = []
        for line in self.audit().splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            event = json.loads(line)
            flat = {k.replace(".", "_"): v for k, v in event.items()}
            if (action in (None, event.get("event.action")) and
                    all(flat.get(k) == v for k, v in fields.items())):
                found.append(event)
        return found

    def event(self, action, patience=10, **fields):
        """The first such event, waited for."""
        return wait_until("an event %s %s" % (action, fields or ""),
                          lambda: self.events(action, **fields), patience)[0]

    def explain(self):
        return ("--- stderr of imapward\n%s\n--- audit\n%s" %
                (self.stderr()[-4000:], self.audit()[-4000:]))

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError("imapward ended with exit code %d:\n%s" %
                                 (self.process.returncode, self.stderr()))
        return "imapward: ready" in self.stderr()


class Direct:
    """Dovecot in the place of the gate (GATE_DIRECT=1)."""

    def __init__(self, dovecot):
        self.port, self.clear_port = dovecot.tls_port, dovecot.port

    def explain(self):
        return ""


def _read(path):
    try:
        with open(path, errors="backslashreplace") as f:
            return f.read()
    except OSError:
        return ""


# --- the case ---------------------------------------------------------------

class Case(unittest.TestCase):
    """A test with a folder of its own, and what it starts stopped again."""

    user, password = USER, PASSWORD
    authority = Certs

    def setUp(self):
        self.servers = []
        self.folder = tempfile.mkdtemp(prefix="imapward-test-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        shared = os.environ.get("GATE_CERTS")
        self.certs = self.authority(shared or self.new_folder("certs"))
        self.tls = trusting(self.certs.ca)

    def new_folder(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path)
        return path

    def explain(self):
        """What a failure should show, while everything still runs."""
        return "\n".join("=== %s\n%s" % (type(server).__name__,
                                         server.explain())
                         for server in self.servers)

    def keep(self, server):
        """Shows it when the test fails, stops it when the test ends."""
        self.servers.append(server)
        self.addCleanup(server.stop)
        return server

    def make_dovecot(self, **more):
        name = "dovecot%d" % len(self.servers)
        return self.keep(Dovecot(self.new_folder(name), self.certs, **more))

    def start_dovecot(self, **more):
        return self.make_dovecot(**more).start()

    def make_gate(self, backend, change=None):
        """backend: a server with a port, or a port."""
        port = backend if isinstance(backend, int) else backend.port
        gate = Gate(self.new_folder("gate%d" % len(self.servers)),
                    self.certs, port, change)
        self.addCleanup(self._check, gate)
        return self.keep(gate)

    def start_gate(self, backend, change=None, **more):
        return self.make_gate(backend, change).start(**more)

    def start_both(self, change=None, **more):
        """Dovecot and the gate before it: (gate, dovecot)."""
        dovecot = self.start_dovecot(**more)
        if DIRECT:
            return Direct(dovecot), dovecot
        return self.start_gate(dovecot, change), dovecot

    def wire(self, gate, clear=False, tls=None, **more):
        """A raw client of the gate's TLS port, or in clear of the other."""
        if clear:
            wire = Wire(gate.clear_port, **more)
        else:
            wire = Wire(gate.port, tls=tls or self.tls, **more)
        self.addCleanup(wire.close)
        return wire

    def logged_in(self, gate, **more):
        wire = self.wire(gate, **more)
        wire.login(self.user, self.password)
        return wire

    def run_program(self, *command, patience=30, **more):
        """A program that must end by itself."""
        return subprocess.run(command, capture_output=True, timeout=patience,
                              stdin=more.pop("stdin", subprocess.DEVNULL),
                              **more)

    def succeeds(self, *command, **more):
        done = self.run_program(*command, **more)
        self.assertEqual(done.returncode, 0,
                         "%s\n%s\n%s" % (" ".join(command),
                                         done.stdout.decode(errors="replace"),
                                         done.stderr.decode(errors="replace")))
        return done.stdout

    def _check(self, gate):
        told.leave(self.id(), gate.audit())
        complaint = gate.complaints()
        self.assertFalse(complaint, complaint)


__all__ = ["Case", "DIRECT", "IMAPWARD", "TOP", "Wire", "accepts", "merge",
           "needs", "needs_gate", "seconds", "to_yaml", "trusting",
           "wait_until"]
