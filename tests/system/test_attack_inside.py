# SPDX-License-Identifier: GPL-3.0-or-later
"""The inner surfaces: the configuration's text, files, what a terminal shows."""

import json
import os
import re
import socket
import subprocess
import time

from fake import Backend, Conversation
from gate import IMAPWARD, Case, merge, needs, needs_gate, to_yaml, wait_until
from hello import (BASICS, GOOD, GOOD_13, HANDSHAKE, TLS13, answer,
                   client_hello, name_extension)
from ports import free_port
from wire import plain_response

BAD_CONFIGURATION = 2
KIB = 1024

# Bytes with which a peer would like to write on somebody's terminal.
ESCAPES = (b"\x1b[2J\x1b[31m", b"\x1b]0;owned\x07", b"\x9b2J", b"\xc2\x9b2J",
           b"\x7f\x08\x08", b"a\x0bb\x0cc", "\u202eevil\u2066".encode(),
           "\u200b\ufeff\u2028".encode(), b"\xff\xfe\xc0\xaf",
           b'","event.action":"start","x":"', b"%n%s%x", b"${x}`id`$(id)",
           b"\\u001b[2J")

# What must not reach a terminal as it is.
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e"
                 "\u2060-\u206f\ufeff]|\udcff")


class Command(Case):
    def run_on(self, command, path, patience=10):
        """(exit code, stderr) of one of the commands that read the file."""
        words = {"run": ["run", "-c", path], "check": ["config", "check", path],
                 "print": ["config", "print", path]}[command]
        done = subprocess.run([IMAPWARD, *words], capture_output=True,
                              timeout=patience, stdin=subprocess.DEVNULL)
        return done.returncode, done.stderr.decode(errors="surrogateescape")


@needs_gate
class Yaml(Command):
    def setUp(self):
        super().setUp()
        self.gate = self.make_gate(free_port())
        self.path = self.gate.config_path
        with open(self.path) as f:
            self.good = f.read()

    def refused(self, text, *words):
        with open(self.path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        for command in ("check", "run"):
            code, err = self.run_on(command, self.path)
            self.assertEqual(code, BAD_CONFIGURATION, err)
            self.assertRegex(err, r"\Aimapward: [^\n]{1,700}\n\Z")
            self.assertIsNone(RAW.search(err), err)
            for word in words:
                self.assertIn(word, err)

    def test_anchors_and_aliases_are_refused_as_such(self):
        self.refused(self.good + "limits: &x {connections: 5}\n",
                     "anchors (&) are not supported")
        self.refused(self.good + "limits: *x\n",
                     "aliases (*) are not supported")
        self.refused(self.good + "limits: {<<: *x}\n")

    def test_a_billion_laughs_cost_nothing(self):
        laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
            "a%d: &a%d [%s]\n" % (n, n, ", ".join(["*a%d" % (n - 1)] * 9))
            for n in range(1, 12))
        self.refused(laughs)

    def test_tags_directives_and_second_documents_are_refused(self):
        self.refused("%YAML 1.1\n---\n" + self.good, "not supported")
        self.refused("%TAG ! tag:x,2000:\n---\n" + self.good, "not supported")
        self.refused(self.good + "limits: !!map {}\n", "not supported")
        self.refused(self.good + "---\n" + self.good, "second document")

    def test_depth_and_size_are_bounded(self):
        for text in ("a: " + "[" * 100000, "[" * 500000, "{a: " * 100000,
                     "".join(" " * n + "a:\n" for n in range(1000)),
                     "- " * 100000, "? " * 100000,
                     "x" * 900000 + ": 1\n", 'a: "' + "x" * 900000 + '"\n',
                     "'" * 900001, "# " + "x" * (2 << 20)):
            with self.subTest(text[:10]):
                self.refused(text)
        many = [{"name": "b%d" % n, "address": "127.0.0.1", "port": 143}
                for n in range(65)]
        self.refused(to_yaml(merge(self.gate.config, {"backends": many})),
                     "backends")

    def test_bytes_that_are_no_text_are_refused(self):
        for bad in (b"\0", b"\x1b[2J", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80",
                    b"\x7f", b"\xc2\x9b", b"\xe2\x80\xa8"):
            with self.subTest(bad):
                self.refused(self.good.encode() + b"# " + bad + b"\n")
        self.refused(self.good.encode("utf-16"))

    def test_what_is_quoted_of_the_file_is_harmless(self):
        for key in (r'"\e[2J\e[31m"', r'"\x9b2J"', r'"a\nimapward: ready"',
                    '"\u202eevil"', r'"\u202e\0\a\b"'):
            with self.subTest(key):
                self.refused(self.good + "%s: 1\n" % key)
                self.refused(self.good + "process:\n  user: %s\n" % key)
                self.refused(self.good + "timeouts:\n  idle: %s\n" % key)
                self.refused(self.good.replace('"imaps"', key).replace(
                    "name: imaps", "name: " + key))


@needs_gate
class Files(Command):
    def setUp(self):
        super().setUp()
        self.gate = self.make_gate(free_port())

    def put(self, path, kind):
        """Puts something that is no regular file in the file's place."""
        os.unlink(path)
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            os.mkdir(path)
        elif kind == "socket":
            sock = socket.socket(socket.AF_UNIX)
            self.addCleanup(sock.close)
            sock.bind(path)
        else:
            os.symlink(kind, path)

    def not_read(self, path, command):
        code, err = self.run_on(command, self.gate.config_path)
        self.assertNotEqual(code, 0)
        self.assertIn(path, err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_only_regular_files_are_read_and_nothing_blocks(self):
        for kind in ("fifo", "folder", "socket", "/dev/zero", "/dev/stdin"):
            for name in ("config_path", "chain", "key"):
                gate = self.gate = self.make_gate(free_port())
                path = getattr(gate, name)
                self.put(path, kind)
                for command in ("check", "run"):
                    with self.subTest((kind, name, command)):
                        self.not_read(path, command)

    def test_what_is_no_file_is_not_even_opened(self):
        """A watchdog, a tape: opening alone does something."""
        for name in ("config_path", "chain", "key"):
            with self.subTest(name):
                gate = self.gate = self.make_gate(free_port())
                path = getattr(gate, name)
                self.put(path, "fifo")
                writer = subprocess.Popen(["sh", "-c", 'echo > "$0"', path])
                self.addCleanup(writer.wait)
                self.addCleanup(writer.kill)
                time.sleep(0.2)
                for command in ("check", "run"):
                    self.not_read(path, command)
                self.assertIsNone(writer.poll())

    def test_config_print_does_not_block_either(self):
        self.put(self.gate.config_path, "fifo")
        self.not_read(self.gate.config_path, "print")

    def test_files_that_are_too_large_are_refused(self):
        for name in ("chain", "key"):
            gate = self.gate = self.make_gate(free_port())
            with open(getattr(gate, name), "a") as f:
                f.write("\n" * 300 * KIB)
            self.not_read(getattr(gate, name), "check")

    def test_the_audit_is_never_written_through_a_link_or_into_a_device(self):
        for kind in ("fifo", "folder", "socket", "/dev/null", "target"):
            with self.subTest(kind):
                gate = self.gate = self.make_gate(free_port())
                open(gate.audit_path, "w").close()
                self.put(gate.audit_path, kind if kind != "target" else
                         os.path.join(self.folder, "target"))
                self.not_read(gate.audit_path, "run")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "target")))

    @needs("strace")
    def test_each_file_is_opened_once_and_used_as_opened(self):
        trace = os.path.join(self.folder, "trace")
        gate = self.gate
        gate.start(prefix=["strace", "-D", "-f", "-qq", "-o", trace, "-e",
                           "trace=open,openat,stat,lstat,access,newfstatat,"
                           "statx,readlink"],
                   env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        gate.stop()
        with open(trace) as f:
            calls = f.read()
        for path in (gate.config_path, gate.chain, gate.key, gate.audit_path):
            with self.subTest(path):
                of_path = [line for line in calls.splitlines()
                           if '"%s"' % path in line]
                self.assertEqual(len(of_path), 1, of_path)
                self.assertIn("open", of_path[0])

    def test_a_file_that_changes_after_a_start_changes_nothing(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend)
        for path in (gate.config_path, gate.chain, gate.key):
            os.unlink(path)
        self.logged_in(gate)
        os.kill(gate.relay(), 9)  # the next one gets the same bytes
        self.logged_in(gate)


@needs_gate
class Escapes(Case):
    def everything_written(self, gate):
        gate.stop()
        with open(gate.audit_path, "rb") as f:
            audit = f.read().decode(errors="surrogateescape")
        for line in audit.splitlines():
            self.assertIsInstance(json.loads(line), dict)
        with open(gate.stderr_path, "rb") as f:
            stderr = f.read().decode(errors="surrogateescape")
        for name, text in (("audit", audit), ("stderr", stderr)):
            found = RAW.search(text)
            self.assertIsNone(found, "%s: %r" % (name, found and text[
                max(0, found.start() - 60):found.end() + 20]))
        self.assertEqual(len(gate.events("start")), 1)
        return audit

    def test_user_names_and_ids_never_reach_a_terminal_as_they_are(self):
        gate = self.start_gate(self.keep(Backend()), {
            "timeouts": {"auth_failure_delay": "0s"}})
        for evil in ESCAPES:
            for command in (
                    b"LOGIN {%d+}\r\n%s wrong" % (len(evil), evil),
                    b"LOGIN {%d+}\r\n%s correct-horse" % (len(evil), evil),
                    b"AUTHENTICATE PLAIN " + plain_response(
                        evil.decode("latin-1"), "x"),
                    b"AUTHENTICATE PLAIN AA" + b"A" * 8):
                wire = self.wire(gate)
                wire.greeting()
                wire.send(b'i ID ("name" {%d+}\r\n%s "version" {%d+}\r\n%s)'
                          b"\r\n" % (len(evil), evil, len(evil), evil))
                wire.until(rb"i ")
                wire.send(b"a " + command + b"\r\n")
                answers = b"".join(wire.until(rb"a ")[0]) + b""
                self.assertNotIn(evil, answers)
                wire.close()
        audit = self.everything_written(gate)
        self.assertIn("imapward.client.id", audit)

    def test_server_names_never_do_and_are_kept_only_if_a_host_may_have_them(
            self):
        gate = self.start_gate(self.keep(Backend()))
        for evil in (*ESCAPES, b"a" * 300, b"", b"a\0b", b"a b", b"a/../b"):
            for suites, more in ((GOOD, b""), (GOOD_13, TLS13)):
                answer(gate.port, client_hello(sorted(suites), BASICS + more +
                                               name_extension(evil)))
                time.sleep(0.06)  # faster, and they are only counted
        kind, _ = answer(gate.port, client_hello(
            sorted(GOOD), BASICS + name_extension(b"Good-1.example.org")))
        self.assertEqual(kind, HANDSHAKE)
        wait_until("the last is told", lambda: [
            e for e in gate.events("tls")
            if e.get("tls.client.server_name") == "good-1.example.org"])
        self.everything_written(gate)
        names = {e.get("tls.client.server_name") for e in gate.events("tls")}
        self.assertEqual(names, {None, "good-1.example.org"})

    def test_names_of_files_beside_the_certificates_never_do(self):
        gate = self.make_gate(free_port())
        folder = self.new_folder("certs.d")
        with open(os.path.join(folder, "good.pem"), "w") as to:
            for path in (gate.chain, gate.key):
                with open(path) as f:
                    to.write(f.read())
        for evil in (*ESCAPES, b"x\nimapward: ready"):
            if not re.search(rb"[ -~]*\Z", evil).start() == 0:
                with open(os.path.join(folder.encode(), evil + b".crt"),
                          "w") as f:
                    f.write("no certificate")
        gate.change({"certificates": [{"directory": folder}]})
        code, err = self.checked(gate)
        self.assertEqual(code, 0, err)
        self.assertIsNone(RAW.search(err), err)
        self.assertIn("left out: ", err)
        gate.start()
        self.everything_written(gate)

    def checked(self, gate):
        done = subprocess.run([IMAPWARD, "config", "check", gate.config_path],
                              capture_output=True, timeout=30)
        return done.returncode, (done.stdout + done.stderr).decode(
            errors="surrogateescape")

    def test_what_backends_say_never_does(self):
        backend = self.keep(Backend())
        gate = self.start_gate(backend, {
            "timeouts": {"auth_failure_delay": "0s", "login": "500ms"},
            "process": {"capability_refresh": "1s"}})
        for evil in ESCAPES:
            for place in ("greeting", "bye", "code", "text", "word", "line"):
                class Evil(Conversation):
                    def greet(self):
                        self.send({"greeting": evil + b"\r\n",
                                   "bye": b"* BYE [%s] %s\r\n" % (evil, evil),
                                   }.get(place, self.greeting))

                    def verdict(self, tag, user, password):
                        self.user = user
                        self.send({"code": tag + b" NO [%s] x\r\n" % evil,
                                   "text": tag + b" BAD %s\r\n" % evil,
                                   "word": b"* CAPABILITY IMAP4rev1 %s\r\n%s"
                                           b" NO x\r\n" % (evil, tag),
                                   "line": evil + b"\r\n"}[place])
                        self.hang_up()
                backend.kind = Evil
                wire = self.wire(gate)
                wire.greeting()
                said = wire.command("a", b"LOGIN alice x")[1]
                self.assertRegex(said, rb"\Aa NO [ -~]*\r\n\Z")
                wire.close()
        self.everything_written(gate)
