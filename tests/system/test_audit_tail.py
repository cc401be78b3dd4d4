# SPDX-License-Identifier: GPL-3.0-or-later
"""imapward audit tail: the audit for people, safe to look at."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios

from fake import Backend
from gate import Case, IMAPWARD, needs_gate, wait_until
from processes import start, stop

ESCAPE = "\x1b"


def event(action="login", **fields):
    """A line as a hand might write it; _ stands for "." in names."""
    all_of_it = {"@timestamp": "2026-11-22T05:30:00.123Z",
                 "event.kind": "event", "event.action": action}
    all_of_it.update({name.replace("_", "."): value
                      for name, value in fields.items()})
    return json.dumps(all_of_it, separators=(",", ":")) + "\n"


@needs_gate
class Tail(Case):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder, "audit.jsonl")

    def write(self, *lines, mode="w"):
        with open(self.path, mode, errors="surrogateescape") as f:
            f.writelines(lines)

    def tail(self, *words, code=0, path=None, **more):
        done = self.run_program(IMAPWARD, "audit", "tail", *words,
                                *([path or self.path] if path != "" else []),
                                **more)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.decode(errors="surrogateescape").splitlines()

    def test_a_login_is_one_line(self):
        gate = self.start_gate(self.keep(Backend()))
        wire = self.wire(gate)
        wire.greeting()
        wire.command("a", b"LOGIN alice wrong")
        wire.command("b", b"LOGIN alice correct-horse")
        wait_until("two", lambda: len(gate.events("login")) == 2)
        shown = self.tail("-e", "login", path=gate.audit_path)
        self.assertEqual(len(shown), 2)
        self.assertRegex(shown[0], r"^\d\d-\d\d \d\d:\d\d:\d\d login +FAIL "
                         r"alice 127\.0\.0\.1 LOGIN \[AUTHENTICATIONFAILED\] "
                         r"wrong credentials -> main$")
        self.assertRegex(shown[1], r" ok +alice 127\.0\.0\.1 LOGIN -> main$")
        # The file is found by itself, too.
        self.assertEqual(self.tail("-e", "login", "-c", gate.config_path,
                                   path=""), shown)

    def test_the_last_ten_or_as_many_as_one_likes(self):
        self.write(*(event(user_name="user%d" % n) for n in range(30)))
        self.assertEqual([line.split()[-1] for line in self.tail()],
                         ["user%d" % n for n in range(20, 30)])
        self.assertEqual(len(self.tail("-n", "3")), 3)
        self.assertEqual(len(self.tail("-n", "0")), 30)
        self.assertEqual(len(self.tail("-n", "99")), 30)

    def test_filters(self):
        self.write(
            event(user_name="alice", source_ip="192.0.2.1",
                  event_outcome="failure"),
            event(user_name="bob", source_ip="192.0.2.77",
                  event_outcome="success"),
            event(user_name="M\u00fcller", source_ip="2001:db8::1",
                  event_outcome="failure"),
            event("start", event_outcome="success"))
        for words, expected in (
                (("-u", "Alice"), ["alice"]), (("-u", "ali"), []),
                (("-u", "M\u00fcller"), ["M\u00fcller"]),
                (("-a", "192.0.2.0/24"), ["alice", "bob"]),
                (("-a", "192.0.2.77"), ["bob"]),
                (("-a", "2001:db8::/32"), ["M\u00fcller"]),
                (("-o", "failure"), ["alice", "M\u00fcller"]),
                (("-o", "failure", "-o", "success", "-e", "login"),
                 ["alice", "bob", "M\u00fcller"]),
                (("-e", "start"), ["ok"]),
                (("-o", "failure", "-a", "192.0.2.0/24"), ["alice"])):
            with self.subTest(words):
                shown = [line.split()[4 if "start" not in line else 3]
                         for line in self.tail(*words)]
                self.assertEqual(shown, expected)

    def test_json_is_as_it_stands_there(self):
        lines = [event(user_name="x%d" % n) for n in range(3)]
        self.write(*lines)
        self.assertEqual(self.tail("--json"), [x.rstrip() for x in lines])

    def test_nothing_in_it_steers_a_terminal(self):
        hostile = "%s[2J%s]0;x\x07\x9b31m\u202egpj\r\n\x7f" % (ESCAPE, ESCAPE)
        self.write(event(user_name=hostile, event_reason=hostile),
                   event(hostile), '{"event.action":"login","user.name":"' +
                   hostile.replace("\n", "") + '"}\n',
                   hostile + "\n", "\udcff\udcfe\n", '{"event.action":"' +
                   ESCAPE)
        for words in ((), ("--json",)):
            for text in (self.on_terminal(*words, NO_COLOR="1"),):
                seen = text.replace("\r\n", "\n")
                self.assertFalse([c for c in seen if ord(c) < 32 and
                                  c != "\n" or c in "\x7f\x9b\u202e" or
                                  0xdc80 <= ord(c) <= 0xdcff], seen)
                self.assertNotIn(ESCAPE, seen)

    def on_terminal(self, *words, columns=80, **environment):
        """What a terminal of that width gets."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))
        variables = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        variables.update(environment)
        child = subprocess.Popen([IMAPWARD, "audit", "tail", *words,
                                  self.path], stdout=theirs, env=variables,
                                 stdin=subprocess.DEVNULL)
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(ours)
        self.assertEqual(child.wait(10), 0)
        return text.decode(errors="surrogateescape")

    def test_colour_and_width_are_the_terminals(self):
        self.write(event(user_name="x" * 200, event_outcome="failure"))
        self.assertIn(ESCAPE + "[31m", self.on_terminal())
        self.assertNotIn(ESCAPE, self.on_terminal(NO_COLOR="1"))
        self.assertIn(ESCAPE, self.on_terminal(NO_COLOR=""))
        self.assertNotIn(ESCAPE, "".join(self.tail()))
        for columns in (80, 50, 132):
            line = self.on_terminal(columns=columns, NO_COLOR="1")
            self.assertEqual(len(line.rstrip()), columns)
        self.assertGreater(len(self.tail()[0]), 200)

    def test_it_follows_a_file_that_grows_is_rotated_or_cut(self):
        self.write(event(user_name="first"))
        out = os.path.join(self.folder, "out")
        follower = start([IMAPWARD, "audit", "tail", "-f", self.path], out)
        self.addCleanup(stop, follower)

        def shows(word):
            def there():
                with open(out) as f:
                    return word in f.read()
            wait_until("it shows " + word, there)

        shows("first")
        self.write(event(user_name="second"), mode="a")
        shows("second")
        self.write('{"event.action":"login","user.name":"ha', mode="a")
        self.write('lf"}\n', mode="a")
        shows(" half")
        os.rename(self.path, self.path + ".1")
        with open(self.path + ".1", "a") as f:
            f.write(event(user_name="late"))
        self.write(event(user_name="third"))
        shows("late")
        shows("third")
        self.write(event(user_name="cut"))
        shows("cut")
        follower.send_signal(signal.SIGTERM)

    def test_what_makes_no_sense_is_explained(self):
        self.write(event())
        for words, text in ((("-e", "nothing"), "audit events lists, not "
                             "'nothing'"),
                            (("-o", "good"), "success, failure or unknown"),
                            (("-a", "here"), "a network such as"),
                            (("-n", "many"), "from 0 to 100000"),
                            (("-x",), "usage"), ((self.path,), "usage")):
            done = self.run_program(IMAPWARD, "audit", "tail", *words,
                                    self.path)
            self.assertEqual((done.returncode, done.stdout), (64, b""), words)
            self.assertIn(text, done.stderr.decode())
        self.tail(path="/none", code=3)
        gate = self.make_gate(1, {"audit": {"sink": "stdout"}})
        self.tail("-c", gate.config_path, path="", code=2)
