# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever breaks around the gate, who is not concerned does not notice."""

import concurrent.futures
import datetime
import os
import signal
import socket
import subprocess
import time
import unittest

from fake import Backend, Conversation
from gate import IMAPWARD, merge, seconds
from load import (FULL, LoadCase, MEGABYTE, MESSAGE, UNLIMITED, Tally,
                  descriptors, full_only, mb, memory, processor_seconds,
                  wait_until)
from ports import accepts, free_port
from processes import alive, am_root, children

UNAVAILABLE = rb"a NO \[UNAVAILABLE\]"


def at_once(count, work):
    """work(0), work(1), ... side by side; their results."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


class Serving(Conversation):
    """Knows the message of the load clients."""

    def do_SELECT(self, tag, rest):
        self.send(b"* 1 EXISTS\r\n")
        self.ok(tag)

    def do_FETCH(self, tag, rest):
        self.send(b"* 1 FETCH (BODY[] {%d}\r\n%s)\r\n" %
                  (len(MESSAGE), MESSAGE.encode()))
        self.ok(tag)

    def do_IDLE(self, tag, rest):
        self.send(b"+ idling\r\n")
        if self.read_line() == b"DONE\r\n":
            self.ok(tag)


class FaultCase(LoadCase):
    def tries(self, gate, count=30):
        """The answers that so many logins get, all at once."""
        def log_in(_):
            wire = self.wire(gate)
            wire.greeting()
            _, verdict = wire.command("a", b"LOGIN u1 correct-horse")
            wire.close()
            return verdict
        return at_once(count, log_in)

    def all_unavailable(self, gate):
        for verdict in self.tries(gate):
            self.assertRegex(verdict, UNAVAILABLE)

    def all_well(self, gate, count=10, length=1):
        return self.without_error(
            self.clients(gate, count, steps="lsfq", seconds=length).result())


class Backends(FaultCase):
    def full_port(self):
        """A port whose backlog takes no more: connecting to it hangs."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", free_port()))
        listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.2)
        with self.assertRaises(OSError):
            socket.create_connection(listener.getsockname(), 0.3)
        return listener.getsockname()[1]

    def silent_port(self):
        """Takes connections and says nothing."""
        class Mute(Conversation):
            def greet(self):
                pass
        return self.keep(Backend(Mute)).port

    def unavailable_in_time(self, port, **timeouts):
        gate = self.start_gate(port, {"timeouts": timeouts})
        files = self.files(gate) + 1  # the one that looks after the backend
        self.all_unavailable(gate)
        self.settled(gate, files)

    def test_one_that_refuses_is_answered_and_comes_back(self):
        port = free_port()
        gate = self.start_gate(port)
        self.all_unavailable(gate)
        self.keep(Backend(Serving, port))
        self.all_well(gate)

    def test_one_that_is_silent_is_answered(self):
        self.unavailable_in_time(self.silent_port(), greeting="1s")

    def test_one_with_a_full_backlog_is_answered(self):
        self.unavailable_in_time(self.full_port(), connect="1s")

    def test_the_next_one_is_asked_instead(self):
        good = self.keep(Backend(Serving))
        for bad in (free_port(), self.silent_port(), self.full_port()):
            with self.subTest(port=bad):
                gate = self.start_gate(bad, {
                    "backends": [
                        {"name": name, "address": "127.0.0.1", "port": port}
                        for name, port in (("bad", bad), ("good", good.port))],
                    "timeouts": {"greeting": "500ms", "connect": "500ms"}})
                self.all_well(gate)


class Descriptors(FaultCase):
    LIMIT = 200

    def start_limited(self):
        gate = self.make_gate(self.start_fast_backend(), UNLIMITED)
        return gate.start(prefix=["sh", "-c", "ulimit -n %d; exec \"$@\"" %
                                  self.LIMIT, "sh"])

    def exhaust(self, gate):
        """Strangers until there is no descriptor left; their sockets."""
        strangers = []
        for _ in range(2 * self.LIMIT):
            sock = socket.create_connection(("127.0.0.1", gate.port), 5)
            self.addCleanup(sock.close)
            strangers.append(sock)
        gate.event("limit", rule_name="descriptors")
        return strangers

    def test_accepting_pauses_without_spinning_and_goes_on(self):
        gate = self.start_limited()
        self.all_well(gate)
        kept = self.logged_in(gate)
        strangers = self.exhaust(gate)

        before = processor_seconds(gate.relay())
        time.sleep(2)
        spent = processor_seconds(gate.relay()) - before
        self.say("exhausted for 2 s", processor_seconds="%.2f" % spent,
                 descriptors=len(descriptors(gate.relay())))
        self.assertLess(spent, 0.5)
        _, verdict = kept.command("k", b"NOOP")
        self.assertTrue(verdict.startswith(b"k OK"), verdict)

        for sock in strangers:
            sock.close()
        wait_until("newcomers are served again", lambda: accepts(gate.port))
        time.sleep(0.5)
        self.all_well(gate)

    def test_a_crowd_that_wants_more_than_there_are_leaves_no_trace(self):
        gate = self.start_limited()
        self.all_well(gate)
        files = self.files(gate)
        said = self.clients(gate, self.LIMIT, seconds=3, steps="lsfq",
                            k=True, r=10000).result()
        self.assertEqual(said["refused"], 0, said)
        self.assertGreater(said["lost"] + said["errors"], 0, said)
        self.settled(gate, files)
        self.all_well(gate)

    def test_who_is_inside_can_log_in_when_strangers_took_all_descriptors(
            self):
        gate = self.start_limited()
        wire = self.wire(gate)
        wire.greeting()
        strangers = self.exhaust(gate)
        _, verdict = wire.command("a", b"LOGIN u1 correct-horse")
        self.assertRegex(verdict, rb"a OK")
        for sock in strangers:
            sock.close()

    def test_a_reload_without_descriptors_keeps_the_sessions(self):
        gate = self.start_limited()
        kept = self.logged_in(gate)
        strangers = self.exhaust(gate)
        gate.reload()  # well or not
        _, verdict = kept.command("k", b"NOOP")
        self.assertTrue(verdict.startswith(b"k OK"), verdict)
        for sock in strangers:
            sock.close()
        wait_until("it can be reloaded again", lambda:
                   gate.reload()["event.outcome"] == "success", 10, 1)
        _, verdict = kept.command("k", b"NOOP")
        self.assertTrue(verdict.startswith(b"k OK"), verdict)
        self.all_well(gate)
        self.assertFalse(gate.events("restart"))


class AuditLog(FaultCase):
    def small_disk(self):
        if not am_root():
            self.skipTest("only root may mount")
        disk = self.new_folder("disk")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs",
                        disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def churn(self, gate, sessions):
        files = self.files(gate)
        said = self.without_error(
            self.clients(gate, 20, sessions=sessions, steps="lq").result())
        self.settled(gate, files)
        return said["done"]

    def counted(self, path, sessions):
        """Each event is either there or in the number of those dropped."""
        tally = Tally(path)
        there = sum(tally.actions[a] for a in tally.sessions)
        self.assertEqual(there + tally.dropped, 3 * sessions, tally.actions)
        for count in tally.sessions.values():
            self.assertLessEqual(set(count.values()), {1})
        return tally

    def test_a_full_disk_costs_events_and_their_number_is_told(self):
        disk = self.small_disk()
        path = os.path.join(disk, "audit.jsonl")
        gate = self.start_gate(self.start_fast_backend(),
                               {"audit": {"sink": path, "queue": "64KiB"}})
        done = self.churn(gate, 50)
        ballast = os.path.join(disk, "ballast")
        with open(ballast, "wb", buffering=0) as f:
            with self.assertRaises(OSError):
                while True:
                    f.write(bytes(4096))
        done += self.churn(gate, 300)
        self.assertIn("events are being lost", gate.stderr())
        os.unlink(ballast)
        wait_until("their number is told", lambda: Tally(path).dropped)
        done += self.churn(gate, 50)
        gate.stop()
        tally = self.counted(path, done)
        self.say("full disk", sessions=done, dropped=tally.dropped,
                 dropped_events=tally.actions["dropped"])
        self.assertGreater(tally.dropped, 600)
        self.assertLessEqual(tally.actions["dropped"], 3)

    def test_a_disk_that_fills_by_itself_keeps_whole_lines(self):
        path = os.path.join(self.small_disk(), "audit.jsonl")
        gate = self.start_gate(self.start_fast_backend(), merge(
            UNLIMITED, {"audit": {"sink": path, "queue": "64KiB"}}))
        done = self.churn(gate, 1500)
        os.truncate(path, 0)
        wait_until("the number of lost events",
                   lambda: os.path.getsize(path) and Tally(path).dropped)
        self.churn(gate, 50)
        gate.stop()
        self.assertGreater(Tally(path).dropped, 0)
        self.assertLess(Tally(path).dropped, 3 * done)

    @full_only
    @seconds(120)
    def test_a_keeper_that_is_held_up_loses_events_and_says_how_many(self):
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        relay = gate.relay()
        before = self.churn(gate, 500)
        held = memory(relay)
        gate.signal(signal.SIGSTOP)
        try:
            done = before + self.churn(gate, 5000)
            busy = memory(relay)
        finally:
            gate.signal(signal.SIGCONT)
        done += self.churn(gate, 50)
        gate.stop()
        tally = self.counted(gate.audit_path, done)
        self.say("held up", sessions=done, dropped=tally.dropped,
                 memory=mb(busy - held))
        self.assertGreater(tally.dropped, 0)
        self.assertLess(busy - held, 8 * MEGABYTE)


class Relay(FaultCase):
    @seconds(180)
    def test_killed_again_and_again_under_load(self):
        kills = 8 if FULL else 3
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        clients = self.clients(gate, 100, steps="lsfq", k=True,
                               seconds=4 * kills)
        for _ in range(kills):
            time.sleep(2.5)  # sooner would be dying young
            relay = gate.relay()
            os.kill(relay, signal.SIGKILL)
            wait_until("another relay", lambda: gate.relay() != relay)
        said = clients.result()
        self.say("killed", times=kills, sessions=said["done"],
                 lost=said["lost"], refused=said["refused"],
                 errors=said["errors"])
        self.assertEqual((said["errors"], said["refused"]), (0, 0), said)
        self.assertGreater(said["lost"], 0)
        self.all_well(gate)
        self.assertEqual(len(gate.events("restart")), kills)
        self.assertEqual(len(gate.events("start")), kills + 1)

    @seconds(120)
    def test_killed_young_it_comes_later_and_later_and_is_never_refused(self):
        gate = self.start_gate(self.start_fast_backend(), UNLIMITED)
        clients = self.clients(gate, 50, steps="lsfq", k=True, seconds=5)
        killed = set()
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for pid in self.relays(gate) - killed:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        said = clients.result()
        self.say("killed young", times=len(killed), sessions=said["done"],
                 lost=said["lost"], refused=said["refused"])
        self.assertEqual((said["errors"], said["refused"]), (0, 0), said)
        self.assertLess(len(killed), 12)
        self.all_well(gate)
        self.assertEqual(len(gate.events("restart")), len(killed))

    def relays(self, gate):
        return {pid for pid in children(gate.pid) if alive(pid)}


LIBFAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Clock(FaultCase):
    @unittest.skipUnless(os.path.exists(LIBFAKETIME), "no libfaketime")
    @unittest.skipIf("tsan" in IMAPWARD, "libfaketime has races of its own")
    def test_the_time_of_day_jumps_and_no_session_dies_by_it(self):
        self.offset = os.path.join(self.folder, "offset")
        self.jump("+0")
        gate = self.make_gate(self.start_fast_backend(), UNLIMITED)
        gate.start(env=dict(os.environ, LD_PRELOAD=LIBFAKETIME,
                            ASAN_OPTIONS="verify_asan_link_order=0",
                            FAKETIME_TIMESTAMP_FILE=self.offset,
                            FAKETIME_NO_CACHE="1",
                            FAKETIME_DONT_FAKE_MONOTONIC="1"))
        idle = self.clients(gate, 50, steps="lhq").hold()
        early = self.wire(gate)
        early.greeting()
        for days in (30, -30, 0):
            self.jump("%+dd" % days)
            time.sleep(1.5)  # the gate looks at it once a second
            self.all_well(gate)
            told = datetime.datetime.fromisoformat(
                gate.events("connection")[-1]["@timestamp"].rstrip("Z"))
            expected = (datetime.datetime.utcnow() +
                        datetime.timedelta(days=days))
            self.assertLess(abs((told - expected).total_seconds()), 600)
            for event in gate.events("connection")[-5:]:
                self.assertLess(event["event.duration"], 60 * 10 ** 9)
        _, verdict = early.command("a", b"LOGIN u1 correct-horse")
        self.assertRegex(verdict, rb"a OK")
        self.without_error(idle.result())

    def jump(self, by):
        with open(self.offset + ".new", "w") as f:
            f.write(by + "\n")
        os.rename(self.offset + ".new", self.offset)

