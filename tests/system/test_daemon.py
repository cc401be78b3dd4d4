# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, reload, drain, restart: what an administrator does to the daemon."""

import contextlib
import os
import signal
import socket
import ssl
import threading
import time
import unittest

from fake import Backend, Conversation
from gate import Case, Wire, accepts, merge, needs_gate, wait_until
from ports import free_port, has_ipv6
from processes import (NOBODY, alive, am_root, can_mount, children,
                       descriptors, status)


def der_of(path):
    with open(path) as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


@needs_gate
class Start(Case):
    def test_ready_counts_listeners_and_workers(self):
        gate = self.start_gate(self.keep(Backend()))
        self.assertRegex(gate.stderr(), r"(?m)^imapward: ready, 2 listeners, "
                                        r"2 workers$")
        start = gate.event("start")
        self.assertEqual(start["event.outcome"], "success")

    def test_workers_0_means_one_per_processor(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"process": {"workers": 0}})
        self.assertIn("%d workers" % len(os.sched_getaffinity(0)),
                      gate.stderr().replace("worker\n", "workers\n"))

    def test_it_serves_ipv6(self):
        if not has_ipv6():
            self.skipTest("no IPv6 on loopback")
        gate = self.make_gate(self.keep(Backend()))
        imaps, imap = gate.config["listeners"]
        gate.change({"listeners": [merge(imaps, {"address": "::1"}), imap]})
        gate.start()
        wire = self.wire(gate, address="::1")
        wire.login(self.user, self.password)
        self.assertEqual(gate.event("login")["source.ip"], "::1")
        self.assertFalse(accepts(gate.port, "127.0.0.1"))

    def test_an_asterisk_listens_on_both_families(self):
        gate = self.make_gate(self.keep(Backend()))
        imaps, imap = gate.config["listeners"]
        gate.change({"listeners": [merge(imaps, {"address": "*"}), imap]})
        gate.start()
        addresses = ["127.0.0.1"] + ["::1"] * has_ipv6()
        for address in addresses:
            self.wire(gate, address=address).login(self.user, self.password)
        wait_until("logins", lambda: len(gate.events("login")) ==
                   len(addresses))
        # An IPv4 client is written as one, whatever the socket says.
        self.assertEqual({e["source.ip"] for e in gate.events("login")},
                         set(addresses))

    def test_an_rsa_certificate_is_served(self):
        gate = self.make_gate(self.keep(Backend()))
        gate.present("rsa")
        gate.start()
        wire = self.wire(gate)
        self.assertEqual(wire.certificate(), der_of(self.certs.chain("rsa")))
        wire.login(self.user, self.password)

    @unittest.skipUnless(am_root(), "only root can change the user")
    def test_the_relay_runs_as_its_own_user(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"process": {"user": "nobody"}})
        relay = status(gate.relay())
        self.assertEqual(set(relay["Uid"].split()), {str(NOBODY)})
        self.assertEqual(set(relay["Gid"].split()), {str(NOBODY)})
        self.assertIn(relay["Groups"].split(), ([], [str(NOBODY)]))
        for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            self.assertEqual(int(relay[kind], 16), 0, kind)
        self.assertEqual(relay["NoNewPrivs"], "1")
        self.logged_in(gate)

    def test_the_relay_inherits_nothing_from_the_caller(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.set_inheritable(writing, True)
        gate = self.make_gate(self.keep(Backend()))
        gate.start(pass_fds=[writing])
        name = os.readlink("/proc/self/fd/%d" % writing)
        os.close(writing)
        held = descriptors(gate.relay())
        self.assertNotIn(name, held)
        for path in (gate.audit_path, gate.key, gate.config_path):
            self.assertNotIn(path, held)

    def test_a_key_that_others_may_read_is_told(self):
        gate = self.make_gate(self.keep(Backend()))
        os.chmod(gate.key, 0o644)
        gate.start()
        self.assertIn("imapward: warning: " + gate.key, gate.stderr())
        self.assertIn("0644", gate.stderr())

    def test_a_backend_that_cannot_be_used_is_told_once(self):
        port = free_port()
        gate = self.make_gate(port, {"process": {"capability_refresh": "1s"}})
        gate.start()
        bad = ("imapward: backend 'main' (127.0.0.1:%d) cannot be used: "
               "connection refused\n" % port)
        good = "imapward: backend 'main' (127.0.0.1:%d) can be used again\n" % port
        self.assertIn(bad, gate.stderr())
        gate.reload()
        wait_until("a second look", lambda: len(gate.events("backend")) > 1)
        self.assertEqual(gate.stderr().count(bad), 1)
        backend = Backend(port=port)
        wait_until("it is back", lambda: good in gate.stderr())
        backend.stop()
        wait_until("it is gone", lambda: gate.stderr().count(bad) == 2)
        self.assertEqual(gate.stderr().count(good), 1)

    def test_a_login_that_finds_the_backend_gone_tells_so(self):
        backend = Backend()
        gate = self.start_gate(backend)
        backend.stop()
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a LOGIN alice x\r\n")
        wire.until(rb"a NO")
        wait_until("it is told", lambda: "cannot be used: connection refused"
                   in gate.stderr(), 5)

    def test_the_pid_file_comes_and_goes(self):
        gate = self.make_gate(self.keep(Backend()))
        path = os.path.join(self.folder, "pid")
        gate.start(arguments=["--pid-file", path])
        with open(path) as f:
            self.assertEqual(f.read(), "%d\n" % gate.pid)
        gate.stop()
        self.assertFalse(os.path.exists(path))

    def test_the_service_manager_is_notified(self):
        path = os.path.join(self.folder, "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(path)
        manager.settimeout(10)
        gate = self.make_gate(self.keep(Backend()))
        gate.start(env=dict(os.environ, NOTIFY_SOCKET=path))
        self.assertIn(b"READY=1", manager.recv(1000))
        gate.reload()
        self.assertIn(b"RELOADING=1", manager.recv(1000))
        self.assertIn(b"READY=1", manager.recv(1000))
        gate.stop()
        self.assertIn(b"STOPPING=1", manager.recv(1000))


@needs_gate
class Reload(Case):
    def test_a_new_certificate_is_served_and_sessions_live_on(self):
        gate = self.start_gate(self.keep(Backend()))
        old = self.logged_in(gate)
        self.assertEqual(old.certificate(), der_of(self.certs.chain("leaf")))
        gate.present("second")
        self.assertEqual(gate.reload()["event.outcome"], "success")
        new = self.wire(gate)
        self.assertEqual(new.certificate(), der_of(self.certs.chain("second")))
        new.login(self.user, self.password)
        _, verdict = old.command("a", b"NOOP")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)

    def test_a_reload_keeps_an_idling_session_and_an_append_in_flight(self):
        gate, dovecot = self.start_both()
        idling, writing = self.logged_in(gate), self.logged_in(gate)
        idling.command("a", b"SELECT INBOX")
        idling.send(b"b IDLE\r\n")
        idling.expect(rb"\+ ")
        writing.send(b"a APPEND INBOX {12}\r\n")
        writing.expect(rb"\+ ")
        self.assertEqual(gate.reload()["event.outcome"], "success")
        writing.send(b"Subject: x\r\n\r\n")
        writing.until(rb"a OK")
        idling.patience(40)
        idling.until(rb"\* 4 EXISTS")

    def test_a_new_limit_holds_for_new_sessions(self):
        gate = self.start_gate(self.keep(Backend()))
        gate.change({"limits": {"login_attempts": 1}})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        wire = self.wire(gate)
        wire.greeting()
        wire.send(b"a LOGIN alice wrong\r\n")
        wire.until(rb"a NO")
        self.assertRegex(wire.rest(), rb"^\* BYE")

    def test_what_needs_a_restart_is_compared_with_what_runs(self):
        gate = self.start_gate(self.keep(Backend()))
        workers = ("imapward: process.workers: 3 takes effect after a "
                   "restart; 2 until then\n")
        gate.change({"process": {"workers": 3}})
        for times in (1, 2):
            gate.reload()
            self.assertEqual(gate.stderr().count(workers), times)
        gate.change({"process": {"workers": 2}})
        gate.reload()
        self.assertEqual(gate.stderr().count("after a restart"), 2)

    @unittest.skipUnless(am_root(), "only root can change the user")
    def test_a_new_user_takes_a_restart(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"process": {"user": "nobody"}})
        gate.change({"process": {"user": "daemon"}})
        gate.reload()
        self.assertIn("imapward: process.user: 'daemon' takes effect after a "
                      "restart; 'nobody' until then\n", gate.stderr())

    def test_a_new_backend_is_used(self):
        gate = self.start_gate(self.keep(Backend()))
        other = self.keep(Backend())
        main = gate.config["backends"][0]
        gate.change({"backends": [dict(main, port=other.port)]})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        self.logged_in(gate)
        self.assertEqual(len(other.sessions()), 1)

    def test_listeners_come_and_go(self):
        gate = self.start_gate(self.keep(Backend()))
        imaps, imap = gate.config["listeners"]
        kept = self.wire(gate, clear=True)
        kept.greeting()
        third = free_port()
        gate.change({"listeners": [imaps, merge(imaps, {
            "name": "third", "port": third})]})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        # Told when the workers were asked to; they close it when they wake.
        wait_until("nothing listens", lambda: not accepts(gate.clear_port))
        kept.command("a", b"NOOP")  # its listener went, it did not
        Wire(third, tls=self.tls).login(self.user, self.password)
        self.logged_in(gate)
        gate.change({"listeners": [imaps, imap]})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        wait_until("nothing listens", lambda: not accepts(third))
        self.wire(gate, clear=True).greeting()

    def test_a_reload_with_a_busy_port_changes_nothing(self):
        gate = self.start_gate(self.keep(Backend()))
        imaps, imap = gate.config["listeners"]
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = busy.getsockname()[1]
            gate.change({"listeners": [imaps, merge(imap, {"port": port})]})
            self.refused(gate, str(port), "in use")
        self.wire(gate, clear=True).greeting()

    def test_no_connection_is_refused_while_reloading(self):
        gate = self.start_gate(self.keep(Backend()))
        with Knocker(gate.port) as knocker:
            for _ in range(10):
                gate.reload()
        self.assertEqual(knocker.refused, 0)
        self.assertGreater(knocker.greeted, 0)

    def test_the_audit_moves(self):
        gate = self.start_gate(self.keep(Backend()))
        self.logged_in(gate)
        gate.audit_path += ".moved"
        gate.change({"audit": {"sink": gate.audit_path}})
        self.assertEqual(gate.reload()["event.outcome"], "success")
        self.logged_in(gate)
        self.assertEqual(gate.event("login")["event.outcome"], "success")

    def refused(self, gate, *words):
        """A reload that is refused says why, and changes nothing."""
        old = self.logged_in(gate)
        served = old.certificate()
        told = len(gate.stderr())
        event = gate.reload()
        self.assertEqual(event["event.outcome"], "failure")
        said = gate.stderr()[told:]
        self.assertEqual(said.count("\n"), 1, said)
        for word in words:
            self.assertIn(word, event["event.reason"])
            self.assertIn(word, said)
        _, verdict = old.command("a", b"NOOP")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        new = self.wire(gate)
        self.assertEqual(new.certificate(), served)
        new.login(self.user, self.password)

    def test_a_reload_with_a_broken_configuration_changes_nothing(self):
        gate = self.start_gate(self.keep(Backend()))
        gate.write_config("lisener: 5\n")
        self.refused(gate, "lisener")

    def test_a_reload_with_a_missing_configuration_changes_nothing(self):
        gate = self.start_gate(self.keep(Backend()))
        os.unlink(gate.config_path)
        self.refused(gate, gate.config_path)

    def test_a_reload_with_a_mismatched_key_changes_nothing(self):
        gate = self.start_gate(self.keep(Backend()))
        gate.present("second", key="leaf")
        self.refused(gate, "does not belong")

    def test_a_reload_with_an_expired_certificate_changes_nothing(self):
        gate = self.start_gate(self.keep(Backend()))
        gate.present("expired")
        self.refused(gate, "expired")

    def test_a_good_reload_after_a_bad_one_is_taken(self):
        gate = self.start_gate(self.keep(Backend()))
        gate.present("expired")
        self.assertEqual(gate.reload()["event.outcome"], "failure")
        gate.present("second")
        self.assertEqual(gate.reload()["event.outcome"], "success")
        self.assertEqual(self.wire(gate).certificate(),
                         der_of(self.certs.chain("second")))

    def test_ten_reloads_in_a_row_leave_one_relay_and_no_descriptors(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()
        gate.reload()
        held = [len(descriptors(pid)) for pid in (gate.pid, relay)]
        for _ in range(10):
            self.assertEqual(gate.reload()["event.outcome"], "success")
        self.assertEqual(children(gate.pid), [relay])
        # A probe of the backend may be open for a moment.
        wait_until("no descriptor is left over", lambda: all(
            len(descriptors(pid)) <= count
            for pid, count in zip((gate.pid, relay), held)), 5)

    def test_sigusr1_reopens_the_audit_file(self):
        gate = self.start_gate(self.keep(Backend()))
        self.logged_in(gate).close()
        gate.event("connection")
        rotated = gate.audit_path + ".1"
        os.rename(gate.audit_path, rotated)
        gate.signal(signal.SIGUSR1)
        wait_until("the audit file is there again",
                   lambda: os.path.exists(gate.audit_path))
        self.logged_in(gate).close()
        self.assertEqual(gate.event("login")["event.outcome"], "success")
        with open(rotated) as f:
            self.assertEqual(f.read().count('"login"'), 1)


class Slow(Conversation):
    """Answers an APPEND only when the test says so."""

    go = threading.Event()

    def do_APPEND(self, tag, rest):
        self.go.wait(20)
        self.ok(tag)


@needs_gate
class Drain(Case):
    def test_sigterm_says_bye_to_idle_sessions_and_ends_with_0(self):
        gate, _ = self.start_both()
        selected, idling = self.logged_in(gate), self.logged_in(gate)
        selected.command("a", b"SELECT INBOX")
        idling.command("a", b"SELECT INBOX")
        idling.send(b"b IDLE\r\n")
        idling.expect(rb"\+ ")
        before_login = self.wire(gate)
        before_login.greeting()
        gate.signal(signal.SIGTERM)
        for wire in (selected, idling, before_login):
            wire.expect(rb"\* BYE \[UNAVAILABLE\]")
            self.assertTrue(wire.ended())
        self.assertEqual(gate.wait(), 0)
        self.assertTrue(gate.events("stop"))

    def test_sigterm_waits_for_an_append_in_flight(self):
        gate, dovecot = self.start_both()
        wire = self.logged_in(gate)
        wire.send(b"a APPEND INBOX {12}\r\n")
        wire.expect(rb"\+ ")
        wire.send(b"Subject")
        gate.signal(signal.SIGTERM)
        wait_until("nothing listens", lambda: not accepts(gate.port))
        time.sleep(0.5)
        wire.send(b": x\r\n\r\n")
        wire.expect(rb"a OK")
        wire.expect(rb"\* BYE")
        self.assertTrue(wire.ended())
        self.assertEqual(gate.wait(), 0)

    def test_the_answer_comes_before_the_bye(self):
        Slow.go.clear()
        backend = self.keep(Backend(Slow))
        gate = self.start_gate(backend)
        wire = self.logged_in(gate)
        wire.send(b"a APPEND INBOX {5+}\r\nhello\r\n")
        wait_until("the backend has it",
                   lambda: b"hello" in backend.received())
        gate.signal(signal.SIGTERM)
        time.sleep(0.5)
        Slow.go.set()
        wire.expect(rb"a OK")
        wire.expect(rb"\* BYE")
        self.assertEqual(gate.wait(), 0)

    def test_the_drain_deadline_ends_what_does_not_end(self):
        Slow.go.clear()
        gate = self.start_gate(self.keep(Backend(Slow)),
                               {"timeouts": {"drain": "1s"}})
        wire = self.logged_in(gate)
        wire.send(b"a APPEND INBOX {5+}\r\nhello\r\n")
        time.sleep(0.2)
        begin = time.monotonic()
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait(), 0)
        # Up to 3 s more for the client, who did not close its side either.
        self.assertLess(time.monotonic() - begin, 1 + 3 + 2)
        self.assertNotIn(b"a OK", wire.rest())
        Slow.go.set()

    def test_a_second_sigterm_stops_at_once(self):
        Slow.go.clear()
        gate = self.start_gate(self.keep(Backend(Slow)),
                               {"timeouts": {"drain": "60s"}})
        self.logged_in(gate).send(b"a APPEND INBOX {5+}\r\nhello\r\n")
        time.sleep(0.2)
        gate.signal(signal.SIGTERM)
        time.sleep(0.2)
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait(5), 0)
        Slow.go.set()

    def test_sigint_stops_it_too(self):
        gate = self.start_gate(self.keep(Backend()))
        gate.signal(signal.SIGINT)
        self.assertEqual(gate.wait(), 0)


class Knocker:
    """Connects again and again while the block runs."""

    def __init__(self, port):
        self.port = port
        self.refused = self.greeted = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._knock)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()

    def _knock(self):
        while not self.over.wait(0.002):
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                self.greeted += 1
            except ConnectionRefusedError:
                self.refused += 1
            except OSError:
                pass


@needs_gate
class Supervision(Case):
    def test_a_killed_relay_is_replaced_and_connecting_is_never_refused(self):
        gate = self.start_gate(self.keep(Backend()))
        first = gate.relay()
        with Knocker(gate.port) as knocker:
            time.sleep(0.2)
            os.kill(first, signal.SIGKILL)
            wait_until("a new relay", lambda: children(gate.pid) not in
                       ([], [first]))
            restart = gate.event("restart")
            time.sleep(0.5)
        self.assertEqual(knocker.refused, 0)
        self.assertIn("signal 9", restart["event.reason"])
        self.logged_in(gate)

    def test_a_client_that_connects_between_two_relays_is_served(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()
        os.kill(relay, signal.SIGKILL)
        self.logged_in(gate)

    def test_the_relay_ends_with_its_keeper(self):
        gate = self.start_gate(self.keep(Backend()))
        relay = gate.relay()
        os.kill(gate.pid, signal.SIGKILL)
        gate.wait()
        wait_until("the relay is gone", lambda: not alive(relay), 5)

    def test_a_relay_that_dies_again_and_again_does_not_spin(self):
        gate = self.start_gate(self.keep(Backend()))
        deaths, end = 0, time.monotonic() + 3
        while time.monotonic() < end:
            for pid in children(gate.pid):
                with contextlib.suppress(ProcessLookupError):  # dead already
                    os.kill(pid, signal.SIGKILL)
                    deaths += 1
            time.sleep(0.01)
        self.assertLess(deaths, 60)
        gate.signal(0)  # the keeper is alive
        wait_until("a relay", lambda: children(gate.pid))
        self.logged_in(gate)

    def test_two_gates_side_by_side_do_not_disturb_each_other(self):
        backend = self.keep(Backend())
        one, two = self.start_gate(backend), self.start_gate(backend)
        one.stop()
        self.logged_in(two)


@needs_gate
class Sinks(Case):
    """The other places to which events go."""

    def test_the_audit_goes_to_stdout(self):
        gate = self.make_gate(self.keep(Backend()),
                              {"audit": {"sink": "stdout"}})
        gate.audit_path = gate.stderr_path  # start() sends both there
        gate.start()
        self.logged_in(gate).close()
        wait_until("a login line", lambda: '"event.action":"login"' in
                   gate.stderr().replace(" ", ""))

    def test_none_writes_no_event(self):
        gate = self.start_gate(self.keep(Backend()),
                               {"audit": {"sink": "none"}})
        self.logged_in(gate).close()
        self.assertFalse(os.path.exists(gate.audit_path))

    def test_a_full_disk_does_not_stop_the_gate(self):
        if not can_mount():
            self.skipTest("cannot mount here")
        small = self.new_folder("small")
        gate = self.make_gate(self.keep(Backend()),
                              {"audit": {"sink": small + "/audit.jsonl"}})
        # A file system of one page, seen by the daemon alone.
        gate.start(prefix=["unshare", "-m", "sh", "-c",
                           "mount -t tmpfs -o size=4k none %s && exec \"$@\"" %
                           small, "sh"])
        for _ in range(20):
            self.logged_in(gate).close()
        wait_until("a complaint", lambda: "audit" in gate.stderr())
        self.logged_in(gate)
