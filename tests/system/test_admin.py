# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin socket: what is listed, who may do what, and who may not disturb."""

import grp
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from gate import IMAPWARD, Case, needs_gate, wait_until
from ports import free_port
from processes import NOBODY, am_root
from test_attack_inside import RAW

OK, REFUSED, NO_DAEMON, USAGE = 0, 2, 3, 64
PATIENCE = 5  # of the daemon, for a request


def two_groups():
    """Groups that this system has, and that are not root's or nobody's."""
    found = [g for g in grp.getgrall() if g.gr_gid not in (0, NOBODY)]
    return found[0], found[1]


class Asking(Case):
    """A gate with nobody behind it, and the commands that ask it."""

    def gate_with(self, change=None):
        return self.start_gate(free_port(), change)

    def pair(self, name, *names, days=30):
        """A certificate of its own for these names: an entry of the list."""
        base = os.path.join(self.new_folder(name), "pair")
        self.succeeds(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key",
            "-out", base + ".pem", "-days", str(days), "-subj",
            "/CN=" + name, "-addext", "subjectAltName=" + ",".join(names))
        return {"chain": base + ".pem", "key": base + ".key"}

    program = IMAPWARD

    def ask(self, gate, *words, patience=30, **more):
        done = self.run_program(self.program, *words, "-s", gate.admin_path,
                                patience=patience, **more)
        return (done.returncode, done.stdout.decode(), done.stderr.decode())

    def crowd_of(self, gate, **who):
        """Fifty clients of another user, who come and say nothing."""
        holder = subprocess.Popen(
            ["/usr/bin/python3", "-c",
             "import socket, sys, time\n"
             "crowd = [socket.socket(socket.AF_UNIX) for _ in range(50)]\n"
             "for s in crowd: s.connect(sys.argv[1])\n"
             "print('ready', flush=True)\n"
             "time.sleep(30)\n", gate.admin_path],
            user=NOBODY, group=NOBODY, stdout=subprocess.PIPE, **who)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), b"ready\n")
        return holder

    def listed(self, gate):
        code, out, err = self.ask(gate, "cert", "list", "--json")
        self.assertEqual((code, err), (OK, ""))
        return json.loads(out)["certificates"]

    def raw(self, gate):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.settimeout(PATIENCE + 10)
        s.connect(gate.admin_path)
        return s

    def answer(self, s):
        said = b""
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    return said
                said += piece
        except ConnectionError:
            return said

    def serial(self, path):
        text = self.succeeds("openssl", "x509", "-noout", "-serial", "-in",
                             path).decode()
        return int(text.partition("=")[2], 16)

    def fingerprint(self, path):
        text = self.succeeds("openssl", "x509", "-noout", "-fingerprint",
                             "-sha256", "-in", path).decode()
        return text.partition("=")[2].strip().replace(":", "").lower()

    def shake_hands(self, gate, name):
        self.succeeds("openssl", "s_client", "-connect",
                      "127.0.0.1:%d" % gate.port, "-servername", name)


@needs_gate
class List(Asking):
    def three(self):
        self.a = self.pair("a", "DNS:a.example.org", "DNS:*.a.example.org",
                           "IP:192.0.2.1", "IP:2001:db8::1")
        self.b = self.pair("b", "DNS:b.example.org", days=90)
        return {"certificates": [
            {"chain": self.certs.chain("rsa"), "key": self.certs.key("rsa")},
            self.a, self.b]}

    def test_json_has_what_is_served(self):
        gate = self.gate_with(self.three())
        rsa, a, b = self.listed(gate)
        self.assertEqual([p["default"] for p in (rsa, a, b)],
                         [True, False, False])
        self.assertEqual(rsa["key"], "RSA")
        self.assertEqual(rsa["file"], self.certs.chain("rsa"))
        self.assertEqual(a["names"], ["a.example.org", "*.a.example.org",
                                      "192.0.2.1", "2001:db8::1"])
        self.assertEqual(a["key"], "ECDSA P-256")
        self.assertEqual(b["names"], ["b.example.org"])
        self.assertIn(b["days_left"], (89, 90))
        self.assertIn(a["days_left"], (29, 30))
        for listed, given in ((a, self.a), (b, self.b)):
            self.assertEqual(listed["file"], given["chain"])
            self.assertEqual(int(listed["serial"], 16),
                             self.serial(given["chain"]))
            self.assertEqual(listed["sha256"],
                             self.fingerprint(given["chain"]))
            self.assertRegex(listed["not_after"],
                             r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")

    def test_people_get_a_table(self):
        gate = self.gate_with(self.three())
        code, out, err = self.ask(gate, "cert", "list")
        self.assertEqual((code, err), (OK, ""))
        lines = out.splitlines()
        self.assertRegex(lines[0], r"DAYS +KEY +HANDSHAKES +NAMES")
        self.assertRegex(lines[1], r"\A\* +\d+  RSA +0  localhost")
        self.assertRegex(out, r"(?m)^ +\d+  ECDSA P-256 +0  a\.example\.org "
                              r"\*\.a\.example\.org 192\.0\.2\.1$")
        self.assertRegex(out, r"(?m)^ +2001:db8::1$")
        for pair in (self.a, self.b):
            self.assertRegex(out, r"(?m)^ +%s$" % re.escape(pair["chain"]))
            self.assertIn("%x" % self.serial(pair["chain"]), out)
        for line in lines:
            if "/" not in line:  # a path is not broken
                self.assertLessEqual(len(line), 80, line)

    def test_an_expired_one_has_days_below_zero(self):
        gate = self.gate_with({"certificates": [
            {"chain": self.certs.chain("expired"), "faults": "serve",
             "key": self.certs.key("expired")}]})
        self.assertLess(self.listed(gate)[0]["days_left"], -1000)

    def test_handshakes_are_counted_for_each_and_go_on_over_a_reload(self):
        gate = self.gate_with(self.three())
        for name in ("b.example.org", "a.example.org", "b.example.org"):
            self.shake_hands(gate, name)
        counted = lambda: [p["handshakes"] for p in self.listed(gate)]
        wait_until("they are counted", lambda: counted() == [0, 1, 2])
        gate.change({"certificates": gate.config["certificates"][1:]})
        self.assertEqual(self.ask(gate, "reload")[0], OK)
        self.assertEqual(counted(), [1, 2])
        self.shake_hands(gate, "elsewhere.example.org")  # gets the default
        wait_until("that too", lambda: counted() == [2, 2])

    def test_an_answer_of_many_pieces_comes_whole(self):
        names = ["DNS:n%d.%s.example.org" % (n, "x" * 40) for n in range(600)]
        pairs = [self.pair("many%d" % i, *names) for i in range(4)]
        gate = self.gate_with({"certificates": pairs})
        listed = self.listed(gate)
        self.assertEqual([len(p["names"]) for p in listed], [600] * 4)
        self.assertEqual(listed[3]["names"][599], names[599][4:])

    def test_nothing_in_it_steers_a_terminal(self):
        folder = self.new_folder("certs.d")
        pair = self.pair("c", "DNS:c.example.org", "DNS:c\x1b[2J\x1b[31m")
        for suffix, key in ((".crt", "chain"), (".key", "key")):
            with open(pair[key]) as f, \
                    open(os.path.join(folder, "a\\u001bb\"c" + suffix),
                         "w") as to:
                to.write(f.read())
        gate = self.gate_with({"certificates": [
            {"chain": self.certs.chain(), "key": self.certs.key()},
            {"directory": folder}]})
        self.assertEqual(len(self.listed(gate)), 2)
        for more in ([], ["--json"]):
            code, out, err = self.ask(gate, "cert", "list", *more)
            self.assertEqual(code, OK)
            self.assertIsNone(RAW.search(out + err), out)
            self.assertIn("c\\u001b[2J", out)

    def test_the_configuration_says_where_the_socket_is(self):
        gate = self.gate_with()
        said = self.succeeds(IMAPWARD, "cert", "list", "-c", gate.config_path)
        self.assertIn(gate.chain.encode(), said)

    def test_without_a_daemon_a_sentence_says_so(self):
        gate = self.make_gate(free_port())
        for words in (["cert", "list"], ["reload"]):
            code, out, err = self.ask(gate, *words)
            self.assertEqual((code, out), (NO_DAEMON, ""))
            self.assertEqual(err, "imapward: no daemon listens on %s; "
                             "does it run, and is that its admin.socket?\n" %
                             gate.admin_path)
            done = self.run_program(IMAPWARD, *words, "nonsense")
            self.assertEqual(done.returncode, USAGE)

    def test_a_configuration_that_is_not_good_is_told(self):
        gate = self.gate_with()
        gate.write_config("lisener: 1\n")
        done = self.run_program(IMAPWARD, "status", "-c", gate.config_path)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(b":1:1: unknown key 'lisener'", done.stderr)
        self.assertIn(b"--socket SOCKET needs no configuration", done.stderr)
        self.succeeds(IMAPWARD, "status", "-s", gate.admin_path)

    def test_a_configuration_without_a_socket_is_told(self):
        gate = self.gate_with({"admin": {"socket": ""}})
        self.assertFalse(os.path.exists(gate.admin_path))
        done = self.run_program(IMAPWARD, "reload", "-c", gate.config_path)
        self.assertEqual(done.returncode, NO_DAEMON)
        self.assertIn(b'admin.socket is ""', done.stderr)


@needs_gate
class Reload(Asking):
    def test_it_says_that_the_configuration_was_taken(self):
        gate = self.gate_with()
        pair = self.pair("new", "DNS:new.example.org")
        gate.change({"certificates": [pair]})
        self.assertEqual(self.ask(gate, "reload"),
                         (OK, "imapward: the configuration was reloaded, 2 "
                          "listeners\n", ""))
        self.assertEqual(self.listed(gate)[0]["names"], ["new.example.org"])
        self.assertEqual(gate.event("reload")["event.outcome"], "success")

    def test_it_says_why_it_was_refused(self):
        gate = self.gate_with()
        before = self.listed(gate)
        gate.change({"certificates": [{"chain": "/nowhere/chain.pem",
                                       "key": gate.key}]})
        code, out, err = self.ask(gate, "reload")
        self.assertEqual((code, out), (REFUSED, ""))
        self.assertIn("nothing has changed", err)
        self.assertIn("/nowhere/chain.pem", err)
        self.assertEqual(len(err.splitlines()), 1)
        self.assertEqual(self.listed(gate), before)
        self.assertEqual(gate.event("reload")["event.outcome"], "failure")

    def test_all_who_ask_at_once_get_an_answer(self):
        gate = self.gate_with()
        askers = [subprocess.Popen([IMAPWARD, "reload", "-s",
                                    gate.admin_path],
                                   stdout=subprocess.DEVNULL)
                  for _ in range(30)]
        self.assertEqual([a.wait(30) for a in askers], [OK] * 30)

    def test_another_reload_does_not_answer_it(self):
        gate = self.gate_with()
        gate.signal(signal.SIGHUP)
        self.assertEqual(self.ask(gate, "reload")[0], OK)


@needs_gate
@unittest.skipUnless(am_root(), "only root can become others")
class Rights(Asking):
    def as_user(self, *groups, **more):
        return {"user": NOBODY, "group": NOBODY,
                "extra_groups": [g.gr_gid for g in groups], **more}

    def setUp(self):
        super().setUp()
        # Others may have no way into the folder that it was built in.
        self.program = shutil.copy(IMAPWARD, self.new_folder("program"))
        self.readers, self.controllers = two_groups()
        self.gate = self.gate_with({"admin": {
            "readers": self.readers.gr_name,
            "controllers": self.controllers.gr_name}})

    def codes(self, **who):
        return [self.ask(self.gate, *words, **who)[0]
                for words in (["cert", "list"], ["reload"])]

    def test_others_are_refused(self):
        self.assertEqual(self.codes(**self.as_user()), [REFUSED, REFUSED])
        code, out, err = self.ask(self.gate, "reload", **self.as_user())
        self.assertEqual(out, "")
        self.assertIn("may do this", err)
        self.assertEqual(self.gate.events("reload"), [])

    def test_readers_may_look_and_no_more(self):
        self.assertEqual(self.codes(**self.as_user(self.readers)),
                         [OK, REFUSED])
        self.assertEqual(self.gate.events("reload"), [])
        who = self.as_user(group=self.readers.gr_gid)
        self.assertEqual(self.codes(**who), [OK, REFUSED])

    def test_controllers_may_do_both(self):
        self.assertEqual(self.codes(**self.as_user(self.controllers)),
                         [OK, OK])

    def test_readers_cannot_keep_out_who_may_do_more(self):
        crowd = self.crowd_of(self.gate, extra_groups=[self.readers.gr_gid])
        for _ in range(3):
            begin = time.monotonic()
            self.assertEqual(self.ask(self.gate, "reload")[0], OK)
            self.assertLess(time.monotonic() - begin, PATIENCE - 1)
        self.assertIsNone(crowd.poll())

    def test_rights_change_with_a_reload(self):
        self.gate.change({"admin": {"readers": "", "controllers": ""}})
        self.assertEqual(self.ask(self.gate, "reload")[0], OK)
        who = self.as_user(self.readers, self.controllers)
        self.assertEqual(self.codes(**who), [REFUSED, REFUSED])

    def test_who_started_it_may_do_both(self):
        folder = self.new_folder("own")
        os.chown(folder, NOBODY, NOBODY)
        path = os.path.join(folder, "admin.sock")
        gate = self.make_gate(free_port(), {"admin": {"socket": path},
                                            "audit": {"sink": "stdout"}})
        gate.admin_path = path
        os.chmod(gate.key, 0o644)
        gate.start(prefix=["setpriv", "--reuid", str(NOBODY), "--regid",
                           str(NOBODY), "--clear-groups", "--pdeathsig",
                           "TERM"])
        for who in (self.as_user(), {}):
            self.assertEqual([self.ask(gate, *words, **who)[0] for words in
                              (["cert", "list"], ["reload"])], [OK, OK])

    def test_a_group_that_is_not_there_is_an_error_with_its_place(self):
        path = self.gate.config_path
        for key in ("readers", "controllers"):
            self.gate.change({"admin": {key: "no-such-group"}})
            done = self.run_program(IMAPWARD, "config", "check", path)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr.decode(),
                             r"%s:\d+:\d+: 'admin\.%s': there is no group "
                             r"no-such-group" % (re.escape(path), key))
            code, _, err = self.ask(self.gate, "reload")
            self.assertEqual(code, REFUSED)
            self.assertIn("no-such-group", err)
            self.gate.change({"admin": {key: ""}})


@needs_gate
class Hostile(Asking):
    def test_requests_that_are_none_are_told_so(self):
        gate = self.gate_with()
        for said in (b"\n", b"cert\n", b"cert list please\n", b"\x00\n",
                     b"reload\r\n", b"\xff\x1b[2J\n", b"GET / HTTP/1.0\r\n\r\n",
                     b"a " * 40 + b"\n", b"x" * 65536, b"x" * 4096):
            s = self.raw(gate)
            try:
                s.sendall(said)
            except ConnectionError:
                pass
            self.assertRegex(self.answer(s), rb"\Aerror [ -~]{1,100}\n\Z",
                             said[:20])
        self.assertEqual(gate.events("reload"), [])
        self.assertEqual(len(self.listed(gate)), 1)

    def test_a_request_may_come_in_single_bytes(self):
        gate = self.gate_with()
        s = self.raw(gate)
        for byte in b"cert list\n":
            s.sendall(bytes([byte]))
            time.sleep(0.01)
        self.assertTrue(self.answer(s).startswith(b"ok\n{"))

    def test_who_says_nothing_or_drips_is_ended(self):
        gate = self.gate_with()
        silent, dripping = self.raw(gate), self.raw(gate)
        begin = time.monotonic()
        dripping.settimeout(0.2)
        while time.monotonic() - begin < 2 * PATIENCE + 5:
            try:
                dripping.sendall(b"x")
                if dripping.recv(1) == b"":
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
        self.assertLess(time.monotonic() - begin, PATIENCE + 3)
        self.assertEqual(self.answer(silent), b"")
        self.assertLess(time.monotonic() - begin, PATIENCE + 3)

    def test_who_does_not_read_is_ended(self):
        names = ["DNS:n%d.%s.example.org" % (n, "x" * 60) for n in range(900)]
        pairs = [self.pair("many%d" % i, *names) for i in range(8)]
        gate = self.gate_with({"certificates": pairs})
        s = self.raw(gate)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b"cert list\n")
        time.sleep(PATIENCE + 2)
        self.assertFalse(self.answer(s).endswith(b"]}\n"))
        self.assertEqual(len(self.listed(gate)), 8)

    def test_a_hundred_at_once_do_not_disturb_clients(self):
        gate, _ = self.start_both()
        crowd = []
        for _ in range(100):
            s = socket.socket(socket.AF_UNIX)
            self.addCleanup(s.close)
            s.setblocking(False)
            try:
                s.connect(gate.admin_path)
            except BlockingIOError:  # the backlog is full
                continue
            crowd.append(s)
        self.assertGreater(len(crowd), 30)
        begin = time.monotonic()
        wire = self.logged_in(gate)
        wire.command(b"n1", b"NOOP")
        self.assertLess(time.monotonic() - begin, 3)
        for s in crowd:
            s.close()
        self.assertEqual(len(self.listed(gate)), 1)

    @unittest.skipUnless(am_root(), "only root can become others")
    def test_who_has_no_right_takes_no_place(self):
        gate = self.gate_with()
        self.crowd_of(gate, extra_groups=[])
        begin = time.monotonic()
        self.assertEqual(len(self.listed(gate)), 1)
        self.assertLess(time.monotonic() - begin, PATIENCE - 1)


@needs_gate
class File(Asking):
    def stale(self, path):
        s = socket.socket(socket.AF_UNIX)
        s.bind(path)
        s.listen()
        s.close()

    def warned(self, gate, words):
        self.assertRegex(gate.stderr(), r"(?m)^imapward: warning: no admin "
                         r"socket \(admin\.socket\): .*" + re.escape(words))

    def test_a_stale_file_is_replaced(self):
        gate = self.make_gate(free_port())
        self.stale(gate.admin_path)
        gate.start()
        self.assertEqual(len(self.listed(gate)), 1)
        self.assertNotIn("admin", gate.stderr())

    def test_a_live_socket_is_not_stolen(self):
        first = self.gate_with()
        second = self.make_gate(free_port(),
                                {"admin": {"socket": first.admin_path}})
        second.start()
        self.warned(second, "another program listens there")
        self.assertEqual(self.listed(first)[0]["file"], first.chain)
        second.reload()
        second.stop()
        self.assertEqual(self.listed(first)[0]["file"], first.chain)

    def test_what_is_no_socket_is_left_alone(self):
        target = os.path.join(self.folder, "target")
        for make in (lambda path: open(path, "w").close(), os.mkfifo,
                     lambda path: os.symlink(target, path)):
            gate = self.make_gate(free_port())
            make(gate.admin_path)
            gate.start()
            self.warned(gate, "something that is no socket")
            gate.reload()
            gate.stop()
            self.assertTrue(os.path.lexists(gate.admin_path))
            self.assertFalse(os.path.exists(target))
            # Said at the start; that it is so still is no news.
            self.assertEqual(gate.stderr().count("no admin socket"), 1)

    def test_without_its_folder_the_gate_works(self):
        gate = self.gate_with({"admin": {"socket": "/nowhere/at/all.sock"}})
        self.warned(gate, "its folder does not exist")
        self.wire(gate)

    def test_it_goes_with_the_daemon(self):
        gate = self.gate_with()
        self.assertTrue(os.path.exists(gate.admin_path))
        gate.stop()
        self.assertFalse(os.path.exists(gate.admin_path))

    def test_it_stays_when_a_relay_dies(self):
        gate = self.gate_with()
        before = os.stat(gate.admin_path).st_ino
        os.kill(gate.relay(), signal.SIGKILL)
        gate.event("restart")
        self.assertEqual(len(self.listed(gate)), 1)
        self.assertEqual(os.stat(gate.admin_path).st_ino, before)

    def test_a_reload_moves_it_closes_it_and_makes_it_anew(self):
        gate = self.gate_with()
        first, second = gate.admin_path, gate.admin_path + "2"
        gate.change({"admin": {"socket": second}})
        self.assertEqual(self.ask(gate, "reload")[0], OK)
        self.assertFalse(os.path.exists(first))
        gate.admin_path = second
        self.assertEqual(len(self.listed(gate)), 1)
        os.unlink(second)  # somebody tidied up
        gate.reload()
        self.assertEqual(len(self.listed(gate)), 1)
        gate.change({"admin": {"socket": ""}})
        gate.reload()
        self.assertFalse(os.path.exists(second))

    def test_a_refused_reload_leaves_it_as_it_is(self):
        gate = self.gate_with()
        gate.change({"admin": {"socket": gate.admin_path + "2"},
                     "certificates": [{"chain": "/nowhere", "key": "/no"}]})
        self.assertEqual(self.ask(gate, "reload")[0], REFUSED)
        self.assertFalse(os.path.exists(gate.admin_path + "2"))
        self.assertEqual(len(self.listed(gate)), 1)

    def test_renewed_certificates_leave_it_as_it_is(self):
        gate = self.gate_with({"tls": {"watch": "1s"}})
        before = (os.stat(gate.admin_path).st_ino,
                  self.listed(gate)[0]["serial"])
        gate.present("second")
        wait_until("the new one is listed",
                   lambda: self.listed(gate)[0]["serial"] != before[1], 20)
        self.assertEqual(os.stat(gate.admin_path).st_ino, before[0])
        self.assertEqual(self.ask(gate, "reload")[0], OK)

    def test_its_path_has_room(self):
        gate = self.make_gate(free_port(),
                              {"admin": {"socket": "/" + "x" * 107}})
        done = self.run_program(IMAPWARD, "config", "check",
                                gate.config_path)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"'admin.socket'", done.stderr)
