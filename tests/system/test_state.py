# SPDX-License-Identifier: GPL-3.0-or-later
"""What outlives the program is in one file, and a bad one stops nothing."""

import os
import signal
import stat
import time

from attack import Attacked
from gate import needs_gate, wait_until
from processes import children


@needs_gate
class State(Attacked):
    def soon(self):
        """A gate that writes it every second."""
        return self.attacked(change={"state": {"interval": "1s"}})

    def ban(self, gate, network="192.0.2.0/24"):
        self.ask(gate, "ban", "add", network, "--for", "2h")

    def banned(self, gate):
        return [b["who"] for b in self.bans(gate)]

    def write(self, gate, content):
        with open(gate.state_path, "wb") as f:
            f.write(content)

    def kill_relay(self, gate):
        before = gate.relay()
        os.kill(before, signal.SIGKILL)
        wait_until("another relay", lambda: children(gate.pid) not in
                   ([], [before]))
        wait_until("it serves", lambda: len(gate.events("start")) > 1)

    def test_it_is_written_at_the_end_and_for_its_owner_alone(self):
        gate = self.attacked()
        self.ban(gate)
        self.assertFalse(os.path.exists(gate.state_path))
        gate.stop()
        found = os.stat(gate.state_path)
        self.assertEqual(stat.S_IMODE(found.st_mode), 0o600)
        self.assertEqual(found.st_uid, os.geteuid())
        self.assertEqual(sorted(os.listdir(os.path.dirname(gate.state_path))),
                         sorted(set(os.listdir(gate.folder))))
        self.assertFalse(os.path.exists(gate.state_path + ".new"))

    def test_a_killed_relay_loses_no_more_than_the_interval(self):
        gate = self.soon()
        self.ban(gate)
        before = time.time_ns()
        wait_until("it is written anew", lambda: os.path.exists(
            gate.state_path) and os.stat(gate.state_path).st_mtime_ns >
            before + 10 ** 9)
        self.kill_relay(gate)
        self.assertEqual(self.banned(gate), ["192.0.2.0/24"])
        self.assertEqual(gate.event("state")["imapward.count"], 1)

    def test_sigterm_loses_nothing(self):
        gate = self.attacked()
        for n in range(30):
            self.ban(gate, "10.0.%d.0/24" % n)
        self.assertEqual(len(self.banned(gate.restart())), 30)

    def test_a_file_that_is_none_is_set_aside(self):
        gate = self.attacked()
        for number, content in enumerate((b"", b"garbage\n" * 1000), 1):
            gate.stop()
            self.write(gate, content)
            gate.restart()
            aside = "%s.corrupt-%d" % (gate.state_path, number)
            with open(aside, "rb") as f:
                self.assertEqual(f.read(), content)
            self.assertRegex(gate.stderr(), r"warning: state\.path \S+ cannot "
                             r"be read: [^;]+; it is now %s; bans and counts "
                             r"begin anew" % aside)
            event = gate.events("state", event_outcome="failure")[-1]
            self.assertIn(aside, event["event.reason"])

    def test_every_damaged_byte_is_noticed(self):
        gate = self.attacked()
        self.logs_in(gate, "alice", "127.0.80.1")
        self.ban(gate)
        gate.stop()
        with open(gate.state_path, "rb") as f:
            good = f.read()
        bad = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
               for at in (0, len(good) // 2, len(good) - 1)]
        for content in bad + [good[:len(good) // 2], good + b"x"]:
            self.write(gate, content)
            gate.restart()
            self.assertIn("cannot be read", gate.stderr())
            self.assertEqual(self.banned(gate), [])
            gate.stop()
        self.write(gate, good)
        gate.restart()
        self.assertEqual(self.banned(gate), ["192.0.2.0/24"])

    def test_a_file_of_somebody_else_is_not_believed(self):
        gate = self.attacked()
        self.ban(gate)
        gate.stop()
        os.chmod(gate.state_path, 0o622)
        gate.restart()
        self.assertRegex(gate.stderr(), r"is not read: others may write it")
        self.assertEqual(self.banned(gate), [])
        gate.stop()
        os.rename(gate.state_path, gate.state_path + ".own")
        os.symlink(gate.state_path + ".own", gate.state_path)
        gate.restart()
        self.assertRegex(gate.stderr(), r"is not read: it is a symbolic link")
        self.ban(gate)
        gate.stop()
        # It is replaced, not followed.
        self.assertFalse(os.path.islink(gate.state_path))

    def test_without_its_directory_the_gate_works_and_says_so(self):
        path = "/nonexistent/imapward/state"
        gate = self.attacked(change={"state": {"path": path,
                                               "interval": "1s"}})
        self.assertRegex(gate.stderr(), r"warning: state\.path %s cannot be "
                         r"written: its directory does not exist" % path)
        self.ban(gate)
        time.sleep(2.5)
        self.logs_in(gate, "alice", "127.0.81.1")
        self.assertEqual(gate.stderr().count("No such file"), 1)

    def test_a_full_disk_is_told_once_and_when_it_is_over(self):
        folder = self.new_folder("state")
        path = os.path.join(folder, "state")
        gate = self.attacked(change={"state": {"path": path,
                                               "interval": "1s"}})
        wait_until("it is written", lambda: os.path.exists(path))
        os.rename(folder, folder + ".away")
        wait_until("a complaint", lambda: "cannot be written" in gate.stderr())
        time.sleep(2)
        self.assertEqual(gate.stderr().count("cannot be written"), 1)
        os.rename(folder + ".away", folder)
        wait_until("it works again", lambda: "is written again" in
                   gate.stderr())

    def test_none_is_written_without_a_path(self):
        gate = self.attacked(change={"state": {"path": "",
                                               "interval": "1s"}})
        self.ban(gate)
        time.sleep(1.5)
        gate.stop()
        self.assertFalse(os.path.exists(gate.state_path))

    def test_a_reload_moves_it(self):
        gate = self.attacked()
        self.ban(gate)
        gate.change({"state": {"path": gate.state_path + "2"}})
        gate.reload()
        gate.stop()
        self.assertFalse(os.path.exists(gate.state_path))
        gate.restart()
        self.assertEqual(self.banned(gate), ["192.0.2.0/24"])

    def test_who_is_known_is_known_to_the_next_relay(self):
        gate = self.soon()
        self.logs_in(gate, "alice", "127.0.82.1")
        before = time.time_ns()
        wait_until("it is written anew", lambda: os.path.exists(
            gate.state_path) and os.stat(gate.state_path).st_mtime_ns >
            before + 10 ** 9)
        self.kill_relay(gate)
        self.logs_in(gate, "alice", "127.0.82.9")
        gate.event("login", imapward_auth_known=True)


