# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that change on disk are taken into use by themselves."""

import os
import shutil
import signal
import ssl
import threading
import time

from fake import Backend
from gate import Case, Wire, needs_gate, seconds, wait_until
from test_cert import Cert

PATIENCE = 20
WATCH = {"tls": {"watch": "1h"}}  # by inotify alone
POLL = {"tls": {"watch": "1s"}}


def text_of(path):
    with open(path) as f:
        return f.read()


def der_of(path):
    return ssl.PEM_cert_to_DER_cert(text_of(path))


def write_in_place(path, text):
    with open(path, "w") as f:
        f.write(text)


def replace(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


class Client:
    """Connects again and again while the block runs: which certificates it
    met, in order, and what failed."""

    def __init__(self, gate, tls):
        self.port, self.tls = gate.port, tls
        self.met, self.failures = [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()

    def _run(self):
        while not self.over.wait(0.01):
            try:
                with Wire(self.port, tls=self.tls) as wire:
                    wire.greeting()
                    found = wire.certificate()
                if found not in self.met[-1:]:
                    self.met.append(found)
            except (OSError, AssertionError) as error:
                self.failures.append(error)


class Watched(Case):
    def gate_with(self, change=None):
        return self.make_gate(self.keep(Backend()), change or WATCH)

    def begin(self, gate):
        gate.start()
        time.sleep(0.5)  # the look that follows a start is over
        return gate

    def pair(self, name):
        return text_of(self.certs.chain(name)), text_of(self.certs.key(name))

    def becomes(self, gate, name, patience=PATIENCE):
        want = der_of(self.certs.chain(name))
        wait_until("%s is served" % name,
                   lambda: self.wire(gate).certificate() == want, patience,
                   0.2)

    def stays(self, gate, name):
        self.assertEqual(self.wire(gate).certificate(),
                         der_of(self.certs.chain(name)))

    def taken(self, gate, number=1):
        event = gate.noticed(PATIENCE, number)
        self.assertEqual(event["event.outcome"], "success", event)
        return event

    def serial(self, name):
        out = self.succeeds("openssl", "x509", "-in", self.certs.chain(name),
                            "-noout", "-serial").decode()
        return out.strip().partition("=")[2].lower()


@needs_gate
class Ways(Watched):
    """How programs put new files where the old ones were."""

    def test_certbot_moves_links(self):
        gate = self.gate_with()
        live, archive = self.new_folder("live"), self.new_folder("archive")

        def renew(number, name):
            for kind, text in zip(("fullchain", "privkey"), self.pair(name)):
                replace("%s/%s%d.pem" % (archive, kind, number), text)
            for kind in ("privkey", "fullchain"):
                link = "%s/%s.pem" % (live, kind)
                if os.path.lexists(link):
                    os.unlink(link)
                os.symlink("../archive/%s%d.pem" % (kind, number), link)

        renew(1, "leaf")
        gate.change({"certificates": [{"chain": live + "/fullchain.pem",
                                       "key": live + "/privkey.pem"}]})
        self.begin(gate)
        self.stays(gate, "leaf")
        renew(2, "second")
        self.becomes(gate, "second")
        self.taken(gate)
        event = gate.event("certificate", event_reason="changed")
        old, new = self.serial("leaf"), self.serial("second")
        self.assertEqual(event["x509.serial_number"], new)
        self.assertEqual(event["imapward.certificate.old_serial_number"], old)
        self.assertIn("%s/fullchain.pem: certificate %s in place of %s\n" %
                      (live, new, old), gate.stderr())

    @seconds(90)
    def test_acme_sh_writes_in_place_one_after_the_other(self):
        gate = self.begin(self.gate_with())
        chain, key = self.pair("second")
        with Client(gate, self.tls) as client:
            write_in_place(gate.chain, chain[:len(chain) // 2])
            time.sleep(0.5)
            write_in_place(gate.chain, chain)
            time.sleep(2)
            write_in_place(gate.key, key)
            wait_until("a client meets the new one",
                       lambda: len(client.met) > 1, PATIENCE)
        self.assertEqual(client.failures, [])
        self.assertEqual(client.met, [der_of(self.certs.chain("leaf")),
                                      der_of(self.certs.chain("second"))])
        self.taken(gate)
        time.sleep(2)
        self.assertEqual(len(gate.events("reload")), 1)
        self.assertNotIn("does not belong", gate.stderr())

    def test_files_are_renamed_into_place(self):
        gate = self.begin(self.gate_with())
        chain, key = self.pair("second")
        replace(gate.key, key)
        replace(gate.chain, chain)
        self.becomes(gate, "second")
        self.taken(gate)

    def test_a_link_further_up_is_found_by_looking(self):
        gate = self.gate_with(POLL)
        for name in ("leaf", "second"):
            folder = self.new_folder(name)
            for kind, text in zip(("chain", "key"), self.pair(name)):
                write_in_place("%s/%s" % (folder, kind), text)
        link = os.path.join(self.folder, "current")
        os.symlink("leaf", link)
        gate.change({"certificates": [{"chain": link + "/chain",
                                       "key": link + "/key"}]})
        self.begin(gate)
        os.symlink("second", link + ".new")
        os.rename(link + ".new", link)
        self.becomes(gate, "second")

    def test_a_name_appears_in_a_folder(self):
        gate = self.gate_with()
        folder = self.new_folder("certs.d")
        one = {"chain": gate.chain, "key": gate.key}
        gate.change({"certificates": [one, {"directory": folder}]})
        self.begin(gate)
        os.mkdir(folder + "/other")
        time.sleep(2)  # the folder is watched before there is something in it
        chain, key = self.pair("rsa")
        write_in_place(folder + "/other/privkey.pem", key)
        write_in_place(folder + "/other/fullchain.pem", chain)
        self.taken(gate)
        told = {"file_path": folder + "/other/fullchain.pem",
                "x509_serial_number": self.serial("rsa")}
        gate.event("certificate", event_reason="new", **told)
        shutil.rmtree(folder + "/other")
        self.taken(gate, 2)
        gate.event("certificate", event_reason="removed", **told)
        self.stays(gate, "leaf")

    def test_others_that_a_policy_names(self):
        gate = self.gate_with()
        ca = os.path.join(self.folder, "clients.pem")
        shutil.copyfile(self.certs.ca, ca)
        secret = os.path.join(self.folder, "secret")
        write_in_place(secret, "ab" * 32 + "\n")
        gate.change({
            "tls": {"ticket_secret": secret},
            "tls_policies": [{"name": "known", "base": "intermediate",
                              "client_certificate": "optional",
                              "client_ca": ca}]})
        gate.policies("known")
        self.begin(gate)
        replace(ca, text_of(self.certs.ca) * 2)
        self.taken(gate)
        replace(secret, "cd" * 32 + "\n")
        self.taken(gate, 2)


@needs_gate
class Bounds(Watched):
    """What is not taken, and what goes on."""

    @seconds(90)
    def test_a_broken_pair_keeps_the_old_one_and_recovers(self):
        gate = self.begin(self.gate_with())
        chain, key = self.pair("second")
        replace(gate.chain, chain)
        event = gate.noticed(PATIENCE)
        self.assertEqual(event["event.outcome"], "failure")
        self.assertIn("does not belong", event["event.reason"])
        self.assertEqual(gate.stderr().count("does not belong"), 1)
        self.stays(gate, "leaf")
        time.sleep(10)  # tried again, and not told again
        self.assertEqual(len(gate.events("reload")), 1)
        replace(gate.key, key)
        self.becomes(gate, "second")
        self.taken(gate, 2)
        self.assertEqual(len(gate.events("reload")), 2)

    @seconds(90)
    def test_what_was_broken_and_is_as_before_is_told_too(self):
        gate = self.begin(self.gate_with())
        replace(gate.key, "nothing\n")
        self.assertEqual(gate.noticed(PATIENCE)["event.outcome"], "failure")
        replace(gate.key, self.pair("leaf")[1])
        self.taken(gate, 2)

    def test_an_expired_one_is_not_taken(self):
        gate = self.begin(self.gate_with())
        gate.present("expired")
        event = gate.noticed(PATIENCE)
        self.assertEqual(event["event.outcome"], "failure")
        self.assertIn("expired", event["event.reason"])
        self.stays(gate, "leaf")

    def test_a_configuration_that_was_edited_stays_unread(self):
        gate = self.begin(self.gate_with())
        gate.change({"listeners": gate.config["listeners"][:1],
                     "limits": {"login_attempts": 1}})
        gate.present("second")
        self.becomes(gate, "second")
        self.taken(gate)
        self.wire(gate, clear=True).greeting()  # the listener is still there
        gate.write_config("nonsense")
        gate.present("leaf")
        self.becomes(gate, "leaf")

    def test_never_means_not_before_it_is_asked_for(self):
        gate = self.begin(self.gate_with({"tls": {"watch": "0s"}}))
        gate.present("second")
        time.sleep(4)
        self.stays(gate, "leaf")
        self.assertEqual(gate.events("reload"), [])
        self.assertEqual(gate.reload()["event.outcome"], "success")
        self.stays(gate, "second")

    def test_it_can_be_switched_on_and_off(self):
        gate = self.begin(self.gate_with({"tls": {"watch": "0s"}}))
        gate.change(WATCH)
        gate.reload()
        gate.present("second")
        self.becomes(gate, "second")
        self.taken(gate, 2)
        gate.change({"tls": {"watch": "0s"}})
        gate.reload()
        gate.present("leaf")
        time.sleep(4)
        self.stays(gate, "second")

    def test_sessions_live_on(self):
        gate = self.begin(self.gate_with())
        old = self.logged_in(gate)
        gate.present("second")
        self.becomes(gate, "second")
        _, verdict = old.command("a", b"NOOP")
        self.assertTrue(verdict.startswith(b"a OK"), verdict)
        self.assertEqual(old.certificate(), der_of(self.certs.chain("leaf")))

    def test_the_same_bytes_again_are_no_news(self):
        gate = self.begin(self.gate_with(POLL))
        replace(gate.chain, self.pair("leaf")[0])
        os.utime(gate.key)
        time.sleep(4)
        self.assertEqual(gate.events("reload"), [])

    def test_a_relay_that_dies_gets_the_new_one(self):
        gate = self.begin(self.gate_with())
        gate.present("second")
        self.becomes(gate, "second")
        os.kill(gate.relay(), signal.SIGKILL)
        gate.event("restart")
        wait_until("it serves", lambda: len(gate.events("start")) == 2)
        self.stays(gate, "second")

    def test_a_relay_that_dies_of_it_is_not_asked_again(self):
        gate = self.begin(self.gate_with())
        relay = gate.relay()
        os.kill(relay, signal.SIGSTOP)
        gate.present("second")
        time.sleep(3)
        os.kill(relay, signal.SIGKILL)
        event = gate.noticed()
        self.assertEqual(event["event.outcome"], "failure")
        wait_until("it serves", lambda: len(gate.events("start")) == 2)
        time.sleep(4)
        self.stays(gate, "leaf")
        self.assertEqual(len(gate.events("reload")), 1)
        os.utime(gate.chain)
        self.becomes(gate, "second")
        self.taken(gate, 2)

    def test_a_folder_full_of_noise_costs_nothing(self):
        gate = self.begin(self.gate_with())
        spent = cpu(gate.pid)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            write_in_place(os.path.join(gate.folder, "noise"), "x")
        self.assertLess(cpu(gate.pid) - spent, 0.5)
        self.assertEqual(gate.events("reload"), [])


def cpu(pid):
    """Seconds of processor time."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@needs_gate
class Staples(Cert):
    def test_a_staple_is_taken_by_itself(self):
        leaf = self.leaf()
        chain = self.join(leaf, self.inner)
        staple = self.path("ocsp.der")
        shutil.copyfile(self.respond(leaf, self.inner), staple)
        gate = self.make_gate(self.keep(Backend()), WATCH)
        gate.change({"certificates": [{"chain": chain, "key": leaf + ".key",
                                       "staple": staple}]})
        gate.start()
        time.sleep(0.5)  # the look that follows a start is over
        first = self.stapled(gate)
        again = self.respond(leaf, self.inner, days=9)
        os.replace(again, staple)
        event = gate.noticed(PATIENCE)
        self.assertEqual(event["event.outcome"], "success")
        gate.event("certificate", file_path=chain,
                   event_reason="another OCSP response")
        self.assertNotEqual(self.stapled(gate), first)

    def stapled(self, gate):
        """When the response that is sent will be followed by the next."""
        done = self.run_program("openssl", "s_client", "-connect",
                                "127.0.0.1:%d" % gate.port, "-status",
                                "-servername", "imap.example.com")
        found = [line for line in done.stdout.decode().splitlines()
                 if "Next Update" in line]
        self.assertTrue(found, done.stdout)
        return found
