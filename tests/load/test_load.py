# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of honest clients: no error, and nothing left behind."""

import os
import signal
import unittest
from unittest import mock

from gate import needs, seconds
from load import FULL, LoadCase, MEGABYTE, UNLIMITED, full_only, mb, memory


class Flat(LoadCase):
    """Memory and descriptors after the warm-up are those at the end."""

    def warmed_up(self, gate, start):
        """Sessions; what memory, descriptors and keeper's memory they left."""
        files = self.files(gate)
        said = self.without_error(start().result())
        held, files = self.settled(gate, files)
        gate.reload()
        return said["begun"], held, files, memory(gate.pid)

    def flat(self, gate, watch, before, said, title):
        watch.stop()
        begun, held, files, keeper = before
        held_after, files_after = self.settled(gate, files)
        keeper_after = memory(gate.pid)
        self.say(title, sessions=said["done"], answers=said["answers"],
                 most_at_once=said["open_most"], errors=said["errors"],
                 memory="%s before, %s at most, %s after" %
                 (mb(held), mb(watch.memory_most), mb(held_after)),
                 descriptors="%d before, %d at most, %d after" %
                 (files, watch.descriptors_most, files_after),
                 keeper="%s before, %s after" % (mb(keeper), mb(keeper_after)),
                 reloads=watch.reloads)
        # The same crowd twice leaves holes of other shapes in the heap; a leak
        # would show in the churn, which is ten times as many.
        self.assertLess(held_after - held, 4 * MEGABYTE + held // 16)
        self.assertLess(keeper_after - keeper, MEGABYTE)
        tally = self.told_once(gate, begun + said["begun"])
        if watch.reload:
            self.assertGreater(tally.actions["reload"], 0)
        return tally

    @seconds(420)
    def test_dovecot_behind_and_a_reload_every_second(self):
        count, length = (2000, 120) if FULL else (100, 8)
        dovecot = self.start_big_dovecot()
        gate = self.start_gate(dovecot, UNLIMITED)
        before = self.warmed_up(gate, lambda: self.clients(
            gate, count, sessions=count, steps="lsfhq").hold())
        watch = self.watch(gate, reload=True)
        said = self.without_error(
            self.clients(gate, count, seconds=length, i=8000 if FULL else 1000,
                         r=200).result())
        self.assertEqual(said["open_most"], count)
        self.flat(gate, watch, before, said, "Dovecot")
        with open(dovecot.log) as f:
            log = f.read()
        self.assertEqual(log.count("Disconnected: Logged out"),
                         before[0] + said["begun"])
        self.assertNotIn("Error:", log)

    @seconds(300)
    def test_very_many_idle_sessions_and_reloads(self):
        count = 9000 if FULL else 500
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)

        def start():
            return self.clients(gate, count, steps="lhq",
                                sessions=count).hold()

        before = self.warmed_up(gate, start)
        watch = self.watch(gate, reload=True)
        clients = start()
        beside = self.without_error(
            self.clients(gate, 20, seconds=5, steps="lsfnq").result())
        said = self.without_error(clients.result())
        self.assertEqual(said["holding_most"], count)
        said["begun"] += beside["begun"]
        self.flat(gate, watch, before, said, "idle")

    @seconds(900)
    def test_churn_and_reloads(self):
        count = 100000 if FULL else 2000
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        before = self.warmed_up(gate, lambda: self.clients(
            gate, 100, sessions=1000, steps="lq"))
        watch = self.watch(gate, reload=True)
        said = self.without_error(
            self.clients(gate, 100, sessions=count, steps="lq",
                         u=0).result())
        self.assertEqual(said["done"], count)
        tally = self.flat(gate, watch, before, said, "churn")
        # Each session had its own user; the warm-up had the first hundred.
        self.assertEqual(set(tally.users["u%d" % n]
                             for n in range(100, count)) - {1}, set())

    @seconds(240)
    def test_all_at_once(self):
        count = 2000 if FULL else 200
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        said = self.without_error(
            self.clients(gate, count, sessions=count, steps="lsfq",
                         r=1000000).result())
        self.assertEqual(said["open_most"], count)
        self.told_once(gate, count)

    @seconds(240)
    def test_a_backend_that_dies_under_very_many_idle_sessions(self):
        backend = self.start_fast_backend()
        gate = self.start_gate(backend, UNLIMITED)
        files = self.files(gate)
        clients = self.hold_many(gate)
        backend.stop()
        begun = self.all_lost(clients)
        self.settled(gate, files)
        tally = self.told_once(gate, begun)
        self.assertEqual(tally.reasons, {"closed by the backend": begun})

    @seconds(240)
    def test_a_drain_with_very_many_idle_sessions(self):
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        clients = self.hold_many(gate)
        gate.signal(signal.SIGTERM)
        begun = self.all_lost(clients)
        self.assertEqual(gate.wait(30), 0)
        tally = self.told_once(gate, begun)
        self.assertEqual(tally.reasons, {"shutting down": begun})

    def hold_many(self, gate):
        count = 9000 if FULL else 500
        return self.clients(gate, count, sessions=count, steps="lhq",
                            k=True).hold()

    def all_lost(self, clients):
        """How many; they heard nothing wrong, just a BYE."""
        said = clients.result()
        self.assertEqual((said["errors"], said["refused"]), (0, 0), said)
        self.assertEqual(said["lost"], said["begun"], said)
        return said["begun"]

    @seconds(240)
    def test_bytes_in_drips_beside_live_sessions(self):
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        slow = self.clients(gate, 200 if FULL else 50, steps="lsfnq",
                            sessions=200 if FULL else 50,
                            d=1000 if FULL else 50)
        live = self.without_error(
            self.clients(gate, 20, seconds=60 if FULL else 3).result())
        said = self.without_error(slow.result())
        self.told_once(gate, live["begun"] + said["begun"])


class Instrumented(LoadCase):
    """The same, smaller, with a build that complains."""

    def both(self, program, clients, length, churn, **how):
        with mock.patch("gate.IMAPWARD", program):
            gate = self.start_gate(self.start_fast_backend(), UNLIMITED, **how)
        watch = self.watch(gate, reload=True)
        first = self.without_error(
            self.clients(gate, clients, seconds=length, i=2000,
                         r=50).result())
        second = self.without_error(
            self.clients(gate, min(clients, 50), sessions=churn, steps="lq",
                         r=50).result())
        watch.stop()
        self.say("sessions", done=first["done"] + second["done"],
                 at_once=first["open_most"], reloads=watch.reloads)
        self.told_once(gate, first["begun"] + second["begun"])

    @seconds(240)
    def test_under_asan_and_ubsan(self):
        size = (200, 20, 2000) if FULL else (30, 4, 100)
        self.both(os.environ["IMAPWARD_ASAN"], *size)

    @full_only
    @seconds(600)
    def test_under_tsan(self):
        self.both(os.environ["IMAPWARD_TSAN"], 200, 20, 2000,
                  prefix=["setarch", "-R"])

    @full_only
    @needs("valgrind")
    @seconds(600)
    def test_under_valgrind(self):
        log = os.path.join(self.folder, "valgrind")
        self.both(os.environ["IMAPWARD"], 10, 20, 50, prefix=[
            "valgrind", "--leak-check=full", "--errors-for-leak-kinds="
            "definite,indirect", "--error-exitcode=9",
            "--log-file=%s.%%p" % log])
        reports = [name for name in os.listdir(self.folder)
                   if name.startswith("valgrind.")]
        # One more for each process that writes the state.
        self.assertGreaterEqual(len(reports), 2, "the keeper and the relay")
        for name in reports:
            with open(os.path.join(self.folder, name)) as f:
                text = f.read()
            self.assertIn("ERROR SUMMARY: 0 errors", text, text[-3000:])


if __name__ == "__main__":
    unittest.main()
