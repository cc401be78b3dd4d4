# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of honest clients: no error, and nothing left behind."""

import os
import unittest
from unittest import mock

from gate import needs, seconds
from load import (FULL, LoadCase, MEGABYTE, UNLIMITED, descriptors, full_only,
                  mb, memory)


class Flat(LoadCase):
    """Memory and descriptors after the warm-up are those at the end."""

    def warmed_up(self, gate, start):
        """(sessions, memory, descriptors): what a first round leaves."""
        files = len(descriptors(gate.relay()))
        said = self.without_error(start().result())
        held, files = self.settled(gate, files + 4)
        return said["begun"], held, files

    def flat(self, gate, watch, before, said, title):
        watch.stop()
        begun, held, files = before
        held_after, files_after = self.settled(gate, files)
        self.say(title, sessions=said["done"], answers=said["answers"],
                 most_at_once=said["open_most"], errors=said["errors"],
                 memory="%s before, %s at most, %s after" %
                 (mb(held), mb(watch.memory_most), mb(held_after)),
                 descriptors="%d before, %d at most, %d after" %
                 (files, watch.descriptors_most, files_after),
                 reloads=watch.reloads)
        self.assertLess(held_after - held, 4 * MEGABYTE)
        tally = self.told_once(gate, begun + said["begun"])
        if watch.reload:
            self.assertGreater(tally.actions["reload"], 0)
        return tally

    @seconds(420)
    def test_dovecot_behind_and_a_reload_every_second(self):
        count, length = (2000, 120) if FULL else (100, 8)
        gate = self.start_gate(self.start_big_dovecot(), UNLIMITED)
        before = self.warmed_up(gate, lambda: self.clients(
            gate, count, seconds=2, i=1000))
        watch = self.watch(gate, reload=True)
        said = self.without_error(
            self.clients(gate, count, seconds=length, i=8000 if FULL else 1000,
                         r=200).result())
        self.assertEqual(said["open_most"], count)
        self.flat(gate, watch, before, said, "Dovecot")

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
        busy = memory(gate.relay())
        self.say("idle", sessions=count, memory_each="%.1f KB" % (
            (busy - before[1]) / count / 1024))
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
        # Each session had its own user.
        self.assertEqual(set(tally.users["u%d" % n]
                             for n in range(2000, count)) - {1}, set())

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
        self.assertEqual(len(reports), 2, "the keeper and the relay")
        for name in reports:
            with open(os.path.join(self.folder, name)) as f:
                text = f.read()
            self.assertIn("ERROR SUMMARY: 0 errors", text, text[-3000:])


if __name__ == "__main__":
    unittest.main()
