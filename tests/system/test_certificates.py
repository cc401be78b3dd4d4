# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate a client gets; certificates and keys of all forms."""

import os
import re
import shutil
import ssl

from fake import Backend
from gate import IMAPWARD, Case, needs, needs_gate, trusting, wait_until
from wire import Wire

CN = re.compile(r"subject=CN = imapward test ([a-z-]+)")


@needs_gate
class Certificates(Case):
    entries = ("leaf",)   # of the configuration, in their order
    policies = ()         # its tls_policies
    names = ("intermediate",)

    def setUp(self):
        super().setUp()
        self.backend = self.keep(Backend())
        self.gate = self.make_gate(self.backend)
        self.set_up()
        self.gate.start()

    def set_up(self):
        self.gate.change({
            "certificates": [self.entry(name) for name in self.entries],
            "tls_policies": list(self.policies) or None})
        self.gate.policies(*self.names)

    def entry(self, name, **more):
        return dict({"chain": self.certs.chain(name),
                     "key": self.certs.key(name)}, **more)

    def folder_of(self, *names):
        folder = self.new_folder("certs.d")
        for name in names:
            shutil.copy(self.certs.chain(name),
                        os.path.join(folder, name + ".crt"))
            shutil.copy(self.certs.key(name),
                        os.path.join(folder, name + ".key"))
        return folder

    def s_client(self, *arguments, clear=False, name=None):
        port = self.gate.clear_port if clear else self.gate.port
        options = ["-starttls", "imap"] if clear else []
        options += ["-servername", name] if name else ["-noservername"]
        done = self.run_program("openssl", "s_client", "-connect",
                                "127.0.0.1:%d" % port, *options, *arguments)
        return (done.stdout + done.stderr).decode(errors="replace")

    def served(self, name=None, *arguments, **more):
        """The certificate a client gets who asks for this name."""
        said = self.s_client(*arguments, name=name, **more)
        found = CN.search(said)
        return found.group(1) if found else said

    def connect(self, name=None, version=None, alpn=None, cert=None,
                source=None, clear=False, ciphers=None):
        context = trusting(self.certs.ca, version, alpn)
        context.check_hostname = False
        if ciphers:
            context.set_ciphers(ciphers)
        if cert:
            context.load_cert_chain(self.certs.chain(cert),
                                    self.certs.key(cert))
        port = self.gate.clear_port if clear else self.gate.port
        wire = Wire(port, source=source)
        self.addCleanup(wire.close)
        self.source_port = wire.raw.getsockname()[1]
        if clear:
            wire.greeting()
            wire.command("s", b"STARTTLS")
        wire.host = name
        wire.starttls(context)
        return wire

    def refused(self, alert, reason=None, **how):
        """The handshake fails; the event says with which alert of ours."""
        with self.assertRaises((ssl.SSLError, OSError)):
            wire = self.connect(**how)
            if how.get("clear"):
                wire.send(b"a NOOP\r\n")
            wire.line()
        event = self.gate.event("tls", source_port=self.source_port)
        self.assertEqual(event.get("imapward.tls.alert_sent"), alert, event)
        self.assertFalse(event["tls.established"], event)
        if reason:
            self.assertIn(reason, event["event.reason"])
        return event

    def reload_fails(self):
        event = self.gate.reload()
        self.assertEqual(event["event.outcome"], "failure", event)
        return event["event.reason"]

    def reloads(self):
        event = self.gate.reload()
        self.assertEqual(event["event.outcome"], "success", event)

    def start_fails(self):
        """What a gate with this configuration says instead of starting."""
        done = self.run_program(IMAPWARD, "run", "-c", self.gate.config_path)
        self.assertEqual(done.returncode, 2, done)
        return done.stderr.decode()


@needs("openssl")
class ByName(Certificates):
    entries = ("leaf", "mail", "mail-rsa", "wild", "rsa")

    def test_the_name_chooses(self):
        for name, expected in ((None, "leaf"), ("localhost", "leaf"),
                               ("mail.example.com", "mail"),
                               ("MAIL.example.COM", "mail"),
                               ("any.example.net", "wild"),
                               ("a.b.example.net", "leaf"),
                               ("example.net", "leaf"),
                               ("unknown.example.org", "leaf")):
            for version in ("-tls1_2", "-tls1_3"):
                self.assertEqual(self.served(name, version), expected,
                                 (name, version))
        self.assertEqual(self.served("mail.example.com", clear=True), "mail")

    def test_the_clients_abilities_choose_the_key(self):
        for name, both in (("mail.example.com", ("mail", "mail-rsa")),
                           (None, ("leaf", "rsa"))):
            for arguments, expected in (
                    (("-tls1_3", "-sigalgs", "ECDSA+SHA256:RSA-PSS+SHA256"),
                     0),
                    (("-tls1_3", "-sigalgs", "RSA-PSS+SHA256"), 1),
                    (("-tls1_3", "-sigalgs", "ECDSA+SHA256"), 0),
                    (("-tls1_2", "-sigalgs", "RSA+SHA256:ECDSA+SHA256"), 0),
                    (("-tls1_2", "-sigalgs", "RSA+SHA256"), 1),
                    (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"),
                     1),
                    (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"),
                     0)):
                self.assertEqual(self.served(name, *arguments),
                                 both[expected], (name, arguments))

    def test_a_session_is_a_session_whatever_the_certificate(self):
        for name in ("mail.example.com", "any.example.net", "localhost"):
            wire = self.connect(name)
            wire.login(self.user, self.password)

    def test_who_is_listed_first_has_a_name_and_the_log_says_so(self):
        self.gate.change({"certificates": [self.entry(name) for name in
                                           ("leaf", "mail", "second")]})
        self.reloads()
        self.assertEqual(self.served("localhost"), "leaf")
        self.assertIn("%s: it is not served for localhost, which is in %s "
                      "too, and that comes first" % (
                          self.certs.chain("second"),
                          self.certs.chain("leaf")), self.gate.stderr())
        self.gate.event("certificate", rule_name="clash",
                        file_path=self.certs.chain("second"))


@needs("openssl")
class Changes(Certificates):
    def test_a_reload_tells_what_changed(self):
        self.gate.present("mail")
        self.gate.change({"certificates": [
            {"chain": self.gate.chain, "key": self.gate.key},
            self.entry("wild")]})
        self.reloads()
        old = self.gate.event("certificate", file_path=self.gate.chain,
                              event_reason="new")
        self.assertEqual(old["x509.alternative_names"], ["mail.example.com"])
        self.assertRegex(old["x509.not_after"], r"20\d\d-\d\d-\d\dT")
        self.gate.event("certificate", file_path=self.certs.chain("leaf"),
                        event_reason="removed")
        self.gate.present("other")
        self.reloads()
        new = self.gate.event("certificate", file_path=self.gate.chain,
                              event_reason="changed")
        self.assertEqual(new["imapward.certificate.old_serial_number"],
                         old["x509.serial_number"])
        self.assertNotEqual(new["x509.serial_number"],
                            old["x509.serial_number"])
        known = len(self.gate.events("certificate"))
        self.reloads()
        self.assertEqual(len(self.gate.events("certificate")), known)
        self.assertEqual(self.served("any.example.net"), "wild")

    def test_a_bad_one_leaves_all_as_it_was(self):
        self.gate.change({"certificates": [self.entry("mail"),
                                           self.entry("expired")]})
        self.assertIn(self.certs.chain("expired") + ": certificate 1 (",
                      self.reload_fails())
        self.assertEqual(self.served("mail.example.com"), "leaf")

    def test_faults_are_served_if_that_is_wanted(self):
        self.gate.change({"certificates": [
            self.entry("expired", faults="serve"), self.entry("mail")]})
        self.reloads()
        self.assertEqual(self.served("localhost"), "expired")
        self.gate.event("certificate", rule_name="expired",
                        file_path=self.certs.chain("expired"))

    def test_the_relay_gets_keys_in_sealed_memory_that_is_not_dumped(self):
        for pid in (self.gate.pid, self.gate.relay()):
            with open("/proc/%d/smaps" % pid) as f:
                maps = re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", f.read())
            keys, = [m for m in maps if "memfd:imapward-keys" in m]
            self.assertTrue(keys.split()[1].startswith("r--s"), keys)
            self.assertIn(" dd", re.search("VmFlags:.*", keys).group())
        folder = "/proc/%d/fd" % self.gate.relay()
        self.assertFalse([fd for fd in os.listdir(folder) if "memfd" in
                          os.readlink(os.path.join(folder, fd))])

    def test_a_new_relay_gets_the_same_certificates(self):
        first = self.gate.relay()
        os.kill(first, 9)
        self.gate.event("restart")
        wait_until("another relay", lambda: self.gate.relay() != first)
        self.assertEqual(self.served("localhost"), "leaf")


@needs("openssl")
class Keys(Certificates):
    def lock(self, name, *how):
        path = os.path.join(self.folder, "%s-%s.key" % (name, how[-1]))
        self.succeeds("openssl", *how, "-in", self.certs.key(name), "-out",
                      path, "-passout", "pass:correct horse")
        os.chmod(path, 0o600)
        return path

    def phrase(self, text, mode=0o600):
        path = os.path.join(self.folder, "phrase")
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def test_an_encrypted_key_opens_with_its_passphrase(self):
        key = self.lock("mail", "pkcs8", "-topk8", "-v2", "aes-256-cbc")
        old = self.lock("mail", "ec", "-aes128")
        for key, text in ((key, "correct horse\n"), (key, "correct horse"),
                          (key, "correct horse\r\n"),
                          (old, "correct horse\nsecond line\n")):
            self.gate.change({"certificates": [
                {"chain": self.certs.chain("mail"), "key": key,
                 "passphrase": self.phrase(text)}]})
            self.reloads()
            self.assertEqual(self.served(), "mail")

    def test_what_does_not_open_is_named(self):
        good = self.lock("mail", "pkcs8", "-topk8", "-v2", "aes-256-cbc")
        for key, text, expected in (
                (good, None, "the key is protected by a passphrase, and none "
                 "is given"),
                (good, "wrong", "the key is protected by another passphrase"),
                (good, "\n", "its first line is empty"),
                (self.lock("mail", "pkcs8", "-topk8", "-v2", "des3"),
                 "correct horse", "openssl pkcs8 -topk8 -v2 aes-256-cbc"),
                (self.lock("mail", "ec", "-des3"), "correct horse",
                 "openssl pkcs8 -topk8 -v2 aes-256-cbc")):
            entry = {"chain": self.certs.chain("mail"), "key": key}
            if text is not None:
                entry["passphrase"] = self.phrase(text)
            self.gate.change({"certificates": [entry]})
            reason = self.reload_fails()
            self.assertIn(expected, reason)
            self.assertNotIn("correct horse", reason + self.gate.stderr())
        self.assertEqual(self.served(), "leaf")

    def test_open_files_are_warned_of(self):
        key = os.path.join(self.folder, "open.key")
        shutil.copy(self.certs.key("mail"), key)
        os.chmod(key, 0o644)
        self.gate.change({"certificates": [
            {"chain": self.certs.chain("mail"), "key": key,
             "passphrase": self.phrase("unused", 0o640)}]})
        self.reloads()
        self.assertIn("warning: %s: this private key is open to others (mode "
                      "0644)" % key, self.gate.stderr())
        self.assertNotIn("this passphrase", self.gate.stderr())
        self.phrase("unused", 0o644)
        self.reloads()
        self.assertIn("this passphrase is open to others (mode 0644)",
                      self.gate.stderr())


@needs("openssl")
class Folders(Certificates):
    def put(self, folder, path, *names):
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            for name in names:
                with open(name, "rb") as f:
                    out.write(f.read())
        os.chmod(path, 0o600)
        return path

    def fill(self):
        folder = self.new_folder("certs.d")
        chain, key = self.certs.chain, self.certs.key
        self.put(folder, "mail.example.com/fullchain.pem", chain("mail"))
        self.put(folder, "mail.example.com/privkey.pem", key("mail"))
        self.put(folder, "wild.crt", chain("wild"))
        self.put(folder, "wild.key", key("wild"))
        self.put(folder, "other.pem", key("other"), chain("other"))
        self.put(folder, "README", chain("expired"))
        self.put(folder, ".hidden.pem", chain("expired"))
        os.mkdir(os.path.join(folder, "empty"))
        return folder

    def test_all_forms_are_found(self):
        folder = self.fill()
        self.gate.change({"certificates": [self.entry("leaf"),
                                           {"directory": folder}]})
        self.reloads()
        for name, expected in (("mail.example.com", "mail"),
                               ("x.example.net", "wild"),
                               ("other.example.org", "other"),
                               ("localhost", "leaf")):
            self.assertEqual(self.served(name), expected)
        # certbot's are links to another folder.
        archive = self.new_folder("archive")
        for name in ("fullchain.pem", "privkey.pem"):
            path = os.path.join(folder, "mail.example.com", name)
            shutil.move(path, os.path.join(archive, name))
            os.symlink(os.path.join(archive, name), path)
        self.reloads()
        self.assertEqual(self.served("mail.example.com"), "mail")

    def test_a_folder_alone_will_do(self):
        folder = self.fill()
        self.gate.change({"certificates": [{"directory": folder}]})
        self.reloads()
        self.assertEqual(self.served(), "mail")  # the first by its name

    def test_a_bad_pair_is_named_and_nothing_changes(self):
        folder = self.fill()
        self.gate.change({"certificates": [self.entry("leaf"),
                                           {"directory": folder}]})
        self.reloads()
        wrong = self.put(folder, "zz.pem", self.certs.chain("second"),
                         self.certs.key("wild"))
        self.put(folder, "wild.crt", self.certs.chain("second"))
        self.put(folder, "wild.key", self.certs.key("second"))
        self.assertIn(wrong + ": the key does not belong", self.reload_fails())
        self.assertEqual(self.served("x.example.net"), "wild")
        self.assertIn(wrong + ": the key does not belong", self.start_fails())
        os.unlink(wrong)
        alone = self.put(folder, "zz.crt", self.certs.chain("second"))
        self.assertIn(alone[:-4] + ".key: there is a certificate, but no key",
                      self.reload_fails())
        os.unlink(alone)
        self.reloads()

    def test_no_folder_and_an_empty_one(self):
        self.gate.change({"certificates": [
            {"directory": os.path.join(self.folder, "absent")}]})
        self.assertIn("'certificates.directory': cannot read",
                      self.reload_fails())
        folder = self.new_folder("nothing")
        self.gate.change({"certificates": [{"directory": folder}]})
        self.assertIn("no certificate at all: a directory holds", self.reload_fails())
        self.gate.change({"certificates": [self.entry("leaf"),
                                           {"directory": folder}]})
        self.reloads()
        self.assertIn(folder + ": there is no certificate in this folder",
                      self.gate.stderr())
