# SPDX-License-Identifier: GPL-3.0-or-later
"""What scanners say: nothing of severity medium or worse."""

import json
import os
import xml.etree.ElementTree as ET

from case import PkiCase, full
from fake import Backend
from gate import needs, needs_gate, seconds

POLICIES = "modern", "intermediate"
# "WARN" is a problem of the scanner's own, such as an OpenSSL without GOST.
HARMLESS = {"OK", "INFO", "LOW", "WARN", "DEBUG"}
VERSIONS_OF = {"modern": {"1.3"}, "intermediate": {"1.2", "1.3"}}


class Scan(PkiCase):
    def scanned(self, name):
        gate = self.make_gate(self.keep(Backend()))
        gate.policies(name)
        gate.present("revocable")
        return gate.start()

    def report(self):
        return os.path.join(self.folder, "report")


@full
@needs("testssl", "hexdump")
@needs_gate
class Testssl(Scan):
    def findings(self, *words):
        self.run_program(
            "testssl", "--quiet", "--color", "0", "--warnings", "batch",
            "--nodns", "none", "--ip", "127.0.0.1", "--add-ca", self.certs.ca,
            "--jsonfile", self.report(), *words, patience=550,
            cwd=self.folder)
        with open(self.report()) as f:
            return json.load(f)

    def is_fine(self, findings, name):
        bad = [f for f in findings if f["severity"] not in HARMLESS]
        self.assertEqual(bad, [])
        # It did look.
        said = {f["id"]: f["finding"] for f in findings}
        for version in ("1.2", "1.3"):
            offered = said["TLS" + version.replace(".", "_")]
            self.assertEqual(not offered.startswith("not"),
                             version in VERSIONS_OF[name], offered)
        self.assertGreater(len(findings), 60)

    def scans(self, name):
        gate = self.scanned(name)
        self.is_fine(self.findings("localhost:%d" % gate.port), name)

    def scans_starttls(self, name):
        gate = self.scanned(name)
        self.is_fine(self.findings(
            "-t", "imap", "localhost:%d" % gate.clear_port), name)

    @seconds(600)
    def test_testssl_finds_no_fault_with_modern(self):
        self.scans("modern")

    @seconds(600)
    def test_testssl_finds_no_fault_with_modern_behind_starttls(self):
        self.scans_starttls("modern")

    @seconds(600)
    def test_testssl_finds_no_fault_with_intermediate(self):
        self.scans("intermediate")

    @seconds(600)
    def test_testssl_finds_no_fault_with_intermediate_behind_starttls(self):
        self.scans_starttls("intermediate")


@full
@needs("sslscan")
@needs_gate
class Sslscan(Scan):
    def scan(self, *words):
        """The <ssltest> of one run."""
        self.succeeds("sslscan", "--no-colour", "--xml=" + self.report(),
                      *words)
        return ET.parse(self.report()).getroot().find("ssltest")

    def is_fine(self, name, test):
        seen = {(p.get("type"), p.get("version"))
                for p in test.iter("protocol") if p.get("enabled") == "1"}
        self.assertEqual(seen, {("tls", v) for v in VERSIONS_OF[name]})
        ciphers = list(test.iter("cipher"))
        self.assertGreaterEqual(len(ciphers), 3)
        for cipher in ciphers:
            # 128 bits are "acceptable".
            self.assertIn(cipher.get("strength"), ("strong", "acceptable"),
                          cipher.attrib)
            self.assertRegex(cipher.get("cipher"), "GCM|CHACHA20")
        for bug in test.iter("heartbleed"):
            self.assertEqual(bug.get("vulnerable"), "0")

    @seconds(300)
    def test_sslscan_finds_only_strong_suites(self):
        for name in POLICIES:
            gate = self.scanned(name)
            for words in (["localhost:%d" % gate.port],
                          ["--starttls-imap", "localhost:%d" %
                           gate.clear_port]):
                with self.subTest((name, words[0])):
                    self.is_fine(name, self.scan(*words))


@full
@needs("nmap")
@needs_gate
class Nmap(Scan):
    def ciphers(self, port, *words):
        """{version: [grade, ...]} of the script's tables, and its warnings."""
        self.succeeds("nmap", "-Pn", "-n", "-sT", "-p", str(port), "--script",
                      "ssl-enum-ciphers", "-oX", self.report(), *words,
                      "127.0.0.1", patience=120)
        script = ET.parse(self.report()).getroot().find(
            ".//script[@id='ssl-enum-ciphers']")
        self.assertIsNotNone(script, "nmap saw no TLS")
        found, warnings = {}, []
        for version in script.findall("table"):
            found[version.get("key").removeprefix("TLSv")] = [
                e.text for e in version.iter("elem")
                if e.get("key") == "strength"]
            warnings += [e.text for t in version.iter("table")
                         if t.get("key") == "warnings" for e in t]
        return found, warnings

    def is_fine(self, name, found, warnings):
        self.assertEqual(set(found), VERSIONS_OF[name])
        self.assertEqual({g for grades in found.values() for g in grades},
                         {"A"})
        self.assertEqual(warnings, [])

    @seconds(300)
    def test_nmap_grades_every_suite_with_an_a(self):
        for name in POLICIES:
            gate = self.scanned(name)
            with self.subTest(name):
                self.is_fine(name, *self.ciphers(gate.port))
                # It speaks STARTTLS only once it knows what is served.
                self.is_fine(name, *self.ciphers(gate.clear_port, "-sV"))
