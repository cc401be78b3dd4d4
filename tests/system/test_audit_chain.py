# SPDX-License-Identifier: GPL-3.0-or-later
"""A chained audit is proven whole, and whatever was done to it is found."""

import json
import os
import random
import shutil
import signal
import struct
import unittest

from fake import Backend
from gate import Case, IMAPWARD, needs_gate, seconds, wait_until
from processes import am_root
from test_attack_secrets import memory_of


class ChainCase(Case):
    """A gate whose audit is chained; the key lies elsewhere."""

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.folder, "audit.chain")
        self.key = os.path.join(self.folder, "audit.key")
        self.anchors = os.path.join(self.folder, "anchors.jsonl")

    def begin_chain(self):
        self.succeeds(IMAPWARD, "audit", "init", self.state, self.key)

    def chained(self, change=None):
        audit = {"chain": self.state, "anchors": self.anchors}
        audit.update(change or {})
        return self.start_gate(self.keep(Backend()), {"audit": audit})

    def again(self, gate):
        """Started anew, when the one before has ended."""
        os.unlink(gate.stderr_path)
        gate.start()

    def some_sessions(self, gate, count=3):
        told = len(gate.events("connection"))
        for _ in range(count):
            self.logged_in(gate).close()
        wait_until("they are told", lambda:
                   len(gate.events("connection")) == told + count)

    def verify(self, *files, anchors=True, more=(), code=0, **how):
        words = ["-k", self.key, *more]
        if anchors:
            words += ["-a", self.anchors]
        done = self.run_program(IMAPWARD, "audit", "verify", *words, *files,
                                **how)
        said = done.stdout.decode()
        self.assertEqual(done.returncode, code, said + done.stderr.decode())
        return said

    def findings(self, *files, **more):
        """The findings that it tells a program, and its last word."""
        said = self.verify(*files, more=["--json"], **more)
        *found, last = [json.loads(line) for line in said.splitlines()]
        return found, last


@needs_gate
class Chain(ChainCase):
    def written(self, count=3):
        """A whole log of a gate that has ended: its lines."""
        self.begin_chain()
        gate = self.chained()
        self.some_sessions(gate, count)
        gate.stop()
        with open(gate.audit_path) as f:
            return gate.audit_path, f.readlines()

    def doctored(self, lines):
        path = os.path.join(self.folder, "doctored")
        with open(path, "w") as f:
            f.writelines(lines)
        return path

    def test_a_log_as_it_was_written_is_intact(self):
        path, lines = self.written()
        for number, line in enumerate(lines, 1):
            self.assertEqual(json.loads(line)["event.sequence"], number)
        said = self.verify(path)
        self.assertIn("intact: %d records, 1 to %d" %
                      (len(lines), len(lines)), said)
        self.assertIn("proves record %d" % len(lines), said)
        found, last = self.findings(path)
        self.assertEqual(found, [])
        self.assertEqual((last["intact"], last["last"], last["anchored"]),
                         (True, len(lines), len(lines)))
        self.assertIn("cannot be said", self.verify(path, anchors=False))

    def test_an_edit_is_found_and_named(self):
        path, lines = self.written()
        which = [n for n, line in enumerate(lines) if '"login"' in line][1]
        lines[which] = lines[which].replace('"alice"', '"mallory"')
        said = self.verify(self.doctored(lines), code=2)
        self.assertIn("doctored:%d: record %d was changed" %
                      (which + 1, which + 1), said)
        self.assertIn("NOT INTACT", said)

    def test_deletion_insertion_and_reordering_are_found(self):
        path, lines = self.written()
        middle = len(lines) // 2
        tricks = {
            "missing": lines[:middle] + lines[middle + 2:],
            "foreign": lines[:middle] + [lines[middle].split(
                ',"event.sequence"')[0] + "}\n"] + lines[middle:],
            "again": lines[:middle] + [lines[0]] + lines[middle:],
            "moved": lines[:middle] + [lines[middle + 1], lines[middle]] +
                     lines[middle + 2:],
        }
        for word, changed in tricks.items():
            with self.subTest(word):
                found, last = self.findings(self.doctored(changed), code=2)
                self.assertEqual([f["finding"] for f in found], [word])
                self.assertFalse(last["intact"])

    def test_what_an_anchor_proves_cannot_be_cut_off(self):
        path, lines = self.written()
        short = self.doctored(lines[:-2])
        found, _ = self.findings(short, code=2)
        self.assertEqual(
            [(f["finding"], f["from"], f["to"]) for f in found],
            [("cut", len(lines) - 1, len(lines))])
        self.verify(short, anchors=False)
        found, _ = self.findings(self.doctored([]), code=2)
        self.assertEqual([f["finding"] for f in found], ["cut"])

    def test_the_beginning_may_have_been_rotated_away_but_not_unnoticed(self):
        path, lines = self.written()
        late = self.doctored(lines[4:])
        self.assertIn("begins with record 5", self.verify(late))
        said = self.verify(late, more=["--from", "1"], code=2)
        self.assertIn("doctored:1: records 1 to 4 are missing", said)

    @seconds(120)
    def test_any_change_of_any_byte_is_found(self):
        path, lines = self.written(1)
        whole = "".join(lines).encode("latin-1")
        dice = random.Random(5)
        for at in dice.sample(range(len(whole)), 60):
            other = dice.choice([b for b in range(256) if b != whole[at]])
            changed = whole[:at] + bytes([other]) + whole[at + 1:]
            self.assertEqual(self.from_input(changed), 2, (at, other))

    def from_input(self, text):
        path = os.path.join(self.folder, "input")
        with open(path, "wb") as f:
            f.write(text)
        with open(path, "rb") as f:
            return self.run_program(IMAPWARD, "audit", "verify", "-k",
                                    self.key, "-a", self.anchors, "-",
                                    stdin=f).returncode

    def test_the_chain_goes_on_over_restarts_reloads_and_rotation(self):
        self.begin_chain()
        gate = self.chained()
        self.some_sessions(gate, 2)
        first = gate.audit_path + ".1"
        os.rename(gate.audit_path, first)
        gate.signal(signal.SIGUSR1)
        wait_until("a new file", lambda: os.path.exists(gate.audit_path))
        self.some_sessions(gate, 1)
        self.assertEqual(gate.reload()["event.outcome"], "success")
        relay = gate.relay()
        os.kill(relay, signal.SIGKILL)
        gate.event("restart")
        wait_until("another relay", lambda: gate.relay() != relay)
        gate.stop()
        self.again(gate)
        self.some_sessions(gate, 3)
        gate.stop()
        # In any order: the numbers tell.
        found, last = self.findings(gate.audit_path, first)
        self.assertEqual((found, last["first"]), ([], 1))
        # The older file alone ends too early.
        found, _ = self.findings(first, code=2)
        self.assertEqual([f["finding"] for f in found], ["cut"])

    def test_a_keeper_that_was_killed_leaves_a_whole_chain(self):
        self.begin_chain()
        gate = self.chained()
        self.some_sessions(gate, 2)
        relay = gate.relay()
        gate.signal(signal.SIGKILL)
        gate.process.wait()
        gate.process = None
        wait_until("the relay is gone", lambda:
                   not os.path.exists("/proc/%d" % relay))
        self.again(gate)
        self.some_sessions(gate, 3)
        gate.stop()
        self.assertEqual(self.findings(gate.audit_path)[0], [])

    def test_another_key_proves_nothing(self):
        path, lines = self.written(1)
        os.unlink(self.key)
        self.succeeds(IMAPWARD, "audit", "init", self.state + "2", self.key)
        said = self.verify(path, anchors=False, code=2)
        self.assertIn("no record of this chain was found", said)

    def test_who_takes_the_machine_cannot_rewrite_what_was(self):
        """With all that lies on it: the log and the chain's state."""
        path, lines = self.written(1)
        with open(self.state, "rb") as f:
            state = f.read()
        # The gate goes on from a doctored log with the state that is there.
        with open(path, "w") as f:
            f.writelines(line.replace("alice", "bobby") for line in lines)
        gate = self.servers[-1]
        self.again(gate)
        self.some_sessions(gate, 1)
        gate.stop()
        self.assertNotEqual(open(self.state, "rb").read(), state)
        found, last = self.findings(path, code=2)
        self.assertIn("changed", {f["finding"] for f in found})
        self.assertGreater(last["records"], 0)  # those since are good

    @unittest.skipUnless(am_root(), "only root may look at their memory")
    def test_only_the_keeper_has_keys_and_none_of_the_past(self):
        """The relay speaks with the network: it could seal what it likes."""
        self.begin_chain()
        with open(self.state, "rb") as f:
            first, seed = struct.unpack_from("24x32s32s", f.read())
        gate = self.chained()
        self.some_sessions(gate, 2)
        with open(self.state, "rb") as f:
            now, same = struct.unpack_from("24x32s32s", f.read())
        self.assertEqual(seed, same)  # of the next epoch, far from here
        self.assertNotEqual(first, now)

        def keys_in(pid):
            return {name for name, key in (("first", first), ("now", now),
                                           ("seed", seed))
                    for _, data in memory_of(pid) if key in data}

        self.assertEqual(keys_in(gate.relay()), set())
        self.assertEqual(keys_in(gate.pid), {"now", "seed"})

    def test_a_chain_that_is_not_there_is_a_fault_of_the_configuration(self):
        gate = self.make_gate(self.keep(Backend()),
                              {"audit": {"chain": self.state}})
        for code, how in ((3, ("run", "-c", gate.config_path)),
                          (2, ("config", "check", gate.config_path))):
            done = self.run_program(IMAPWARD, *how)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(b"'audit.chain': cannot open %s: it does not "
                          b"exist; imapward audit init makes it" %
                          self.state.encode(), done.stderr)

    def test_neither_file_is_written_over(self):
        self.begin_chain()
        done = self.run_program(IMAPWARD, "audit", "init", self.state,
                                self.key)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"it exists", done.stderr)
        for path in (self.state, self.key):
            self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)

    def test_what_makes_no_sense_is_explained(self):
        self.begin_chain()
        for words in ((), ("-k", self.key), ("/dev/null",),
                      ("-k", self.key, "--from", "0", "/dev/null"),
                      ("--nothing",)):
            done = self.run_program(IMAPWARD, "audit", "verify", *words)
            self.assertEqual((done.returncode, done.stdout), (64, b""))
        for words in (("-k", "/none", "/dev/null"),
                      ("-k", "/dev/null", "/dev/null"),
                      ("-k", self.key, "/none"),
                      ("-k", self.key, self.folder)):
            done = self.run_program(IMAPWARD, "audit", "verify", *words)
            self.assertEqual(done.returncode, 3, words)
            self.assertTrue(done.stderr)

    def test_anchors_are_found_among_other_lines(self):
        path, lines = self.written(1)
        log = os.path.join(self.folder, "syslog")
        with open(self.anchors) as source, open(log, "w") as f:
            f.write("Nov 22 05:29:59 mx cron[1]: {nothing}\n")
            for line in source:
                f.write("Nov 22 05:30:00 mx imapward[7]: " + line)
        shutil.move(log, self.anchors)
        _, last = self.findings(path)
        self.assertEqual(last["anchored"], len(lines))
