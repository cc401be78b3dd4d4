# SPDX-License-Identifier: GPL-3.0-or-later
"""imapward cert check says what mail programs will not like."""

import json
import os
import subprocess
import time

from gate import IMAPWARD, Case, needs_gate
from ports import free_port

FINE, WARNINGS, ERRORS, USAGE = 0, 1, 2, 64

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
GOOD = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,digitalSignature",
    "extendedKeyUsage": "serverAuth",
    "subjectAltName": "DNS:imap.example.com,DNS:*.example.org",
    "authorityKeyIdentifier": "keyid",
}


class Cert(Case):
    def setUp(self):
        super().setUp()
        self.made = 0
        self.root = self.make("Root", None, ca=True)
        self.inner = self.make("Inner", self.root, ca=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, common, issuer, ca=False, key=EC, days=60, change=None,
             more=()):
        """A certificate and its key, FILE.pem and FILE.key; FILE."""
        self.made += 1
        name = self.path("%d-%s" % (self.made, common.replace("*", "_")))
        wanted = {"basicConstraints": "critical,CA:TRUE",
                  "keyUsage": "critical,keyCertSign,cRLSign"} if ca else GOOD
        wanted = {**wanted, **(change or {})}
        with open(name + ".cnf", "w") as f:
            f.write("[x]\n" + "".join("%s = %s\n" % item for item in
                                      wanted.items() if item[1]))
        self.succeeds("openssl", "req", "-new", "-nodes", *key, "-keyout",
                      name + ".key", "-subj", "/CN=" + common, "-out",
                      name + ".csr")
        signer = (["-CA", issuer + ".pem", "-CAkey", issuer + ".key",
                   "-CAcreateserial"] if issuer else
                  ["-signkey", name + ".key"])
        self.succeeds("openssl", "x509", "-req", "-in", name + ".csr",
                      *signer, "-days", str(3000 if ca else days), "-extfile",
                      name + ".cnf", "-extensions", "x", "-out",
                      name + ".pem", *more)
        return name

    def leaf(self, **more):
        return self.make(more.pop("common", "imap.example.com"), self.inner,
                         **more)

    def join(self, *names):
        path = self.path("chain.pem")
        with open(path, "w") as out:
            for name in names:
                with open(name + ".pem") as f:
                    out.write(f.read())
        return path

    def index(self, leaf, status="V"):
        """openssl's list of what a CA has issued."""
        serial = self.succeeds("openssl", "x509", "-in", leaf + ".pem",
                               "-noout", "-serial").decode()
        name = self.path("index")
        with open(name, "w") as f:
            f.write("\t".join([status[0], "491231235959Z", status[1:],
                               serial.strip().partition("=")[2], "unknown",
                               "/CN=x"]) + "\n")
        return name

    def respond(self, leaf, issuer, signer=None, status="V", days=8,
                request=(), response=()):
        """A file with an OCSP response about this leaf."""
        signer = signer or issuer
        made = self.path("staple")
        asked = self.path("request")
        self.succeeds("openssl", "ocsp", *request, "-issuer", issuer + ".pem",
                      "-cert", leaf + ".pem", "-no_nonce", "-reqout", asked)
        self.succeeds("openssl", "ocsp", "-index", self.index(leaf, status),
                      "-CA", issuer + ".pem", "-rsigner", signer + ".pem",
                      "-rkey", signer + ".key", "-reqin", asked, "-respout",
                      made, *(["-ndays", str(days)] if days else []),
                      *response)
        return made

    def check(self, *arguments):
        """(exit code, names of the findings, what standard output was)."""
        done = subprocess.run(
            [IMAPWARD, "cert", "check", "--json", "--ca", self.root + ".pem",
             *arguments], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.stderr, "")
        found = [f for line in done.stdout.splitlines()
                 for f in json.loads(line)["findings"]]
        return done.returncode, [f["rule"] for f in found], found

    def finds(self, code, rules, leaf, *arguments):
        """What is found in the chain of this leaf, and with its key."""
        chain = self.join(leaf, self.inner)
        self.assertEqual(self.check(chain, "--key", leaf + ".key",
                                    *arguments)[:2], (code, rules))


@needs_gate
class Faults(Cert):
    """Certificates as openssl makes them."""

    def test_a_good_chain_is_fine(self):
        self.finds(FINE, [], self.leaf(), "--name", "imap.example.com",
                   "--name", "mail.example.org")

    def test_an_rsa_certificate_is_fine(self):
        self.finds(FINE, [], self.leaf(key=["-newkey", "rsa:2048"]))

    def test_an_expired_one_is_an_error(self):
        leaf = self.leaf()
        self.finds(ERRORS, ["expired"], leaf, "--at", "2031-01-01")
        self.finds(ERRORS, ["not-yet-valid"] * 2, leaf, "--at",
                   "2001-01-01T00:00:00Z")

    def test_one_that_ends_soon_is_a_warning(self):
        leaf = self.leaf(days=90)
        for days, code, rules in ((59, FINE, []), (61, WARNINGS, ["ends-soon"]),
                                  (82, WARNINGS, ["ends-now"])):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                               time.gmtime(time.time() + days * 86400))
            with self.subTest(days):
                self.finds(code, rules, leaf, "--at", at)

    def test_a_short_rsa_key_is_an_error(self):
        self.finds(ERRORS, ["rsa-size"],
                   self.leaf(key=["-newkey", "rsa:1024"]))

    def test_other_kinds_of_keys_are_errors(self):
        for key in (["-newkey", "ed25519"],
                    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"]):
            with self.subTest(key):
                self.finds(ERRORS, ["key-type"], self.leaf(key=key))

    def test_sha1_is_a_warning(self):
        self.finds(WARNINGS, ["weak-signature"], self.leaf(more=["-sha1"]))

    def test_a_common_name_alone_is_a_warning(self):
        self.finds(WARNINGS, ["no-names"],
                   self.leaf(change={"subjectAltName": None}))

    def test_a_name_that_is_not_covered_is_a_warning(self):
        leaf = self.leaf()
        for name in ("example.com", "a.b.example.org", "example.org",
                     "192.0.2.1", "xn--mller-kva.example"):
            with self.subTest(name):
                self.finds(WARNINGS, ["name"], leaf, "-n", name)

    def test_an_address_is_covered_by_an_address_only(self):
        leaf = self.leaf(change={"subjectAltName":
                                 "IP:192.0.2.1,IP:2001:db8::1,DNS:a.example"})
        self.finds(FINE, [], leaf, "-n", "192.0.2.1", "-n", "2001:DB8::1")

    def test_wildcards_that_clients_refuse_are_warnings(self):
        for name in ("*.com", "*", "imap*.example.com", "a.*.example.com"):
            with self.subTest(name):
                self.finds(WARNINGS, ["wildcard"], self.leaf(
                    change={"subjectAltName": "DNS:" + name}))

    def test_the_profile_is_judged(self):
        for change, rule in (
                ({"tlsfeature": "status_request"}, "must-staple"),
                ({"extendedKeyUsage": "clientAuth"}, "purpose"),
                ({"extendedKeyUsage": None}, "no-purpose"),
                ({"basicConstraints": "critical,CA:TRUE",
                  "keyUsage": None}, "ca-leaf"),
                ({"keyUsage": "keyEncipherment"}, "key-usage")):
            with self.subTest(rule):
                self.finds(WARNINGS, [rule], self.leaf(change=change))

    def test_a_long_lifetime_is_a_warning(self):
        self.finds(WARNINGS, ["lifetime-private"], self.leaf(days=826))
        self.finds(FINE, [], self.leaf(days=825))

    def test_what_openssl_makes_by_default_is_told_at_length(self):
        name = self.path("default")
        self.succeeds("openssl", "req", "-x509", "-nodes", *EC, "-keyout",
                      name + ".key", "-out", name + ".pem", "-subj",
                      "/CN=imap.example.com", "-days", "3650")
        code, rules, _ = self.check(name + ".pem", "-k", name + ".key")
        self.assertEqual((code, rules), (WARNINGS, [
            "self-signed", "lifetime-private", "no-names", "no-purpose",
            "ca-leaf"]))


@needs_gate
class Staples(Cert):
    """OCSP responses as openssl makes them, beside a chain."""

    def test_a_good_response_is_fine(self):
        leaf = self.leaf(change={"tlsfeature": "status_request"})
        self.finds(WARNINGS, ["must-staple"], leaf)
        for request, response in (((), ()), (("-sha256",), ()),
                                  ((), ("-resp_key_id",)),
                                  ((), ("-resp_no_certs",)),
                                  ((), ("-rmd", "sha512"))):
            with self.subTest((request, response)):
                staple = self.respond(leaf, self.inner, request=request,
                                      response=response)
                self.finds(FINE, [], leaf, "--staple", staple)

    def test_cas_with_other_keys(self):
        for key in (["-newkey", "rsa:2048"], ["-newkey", "ed25519"],
                    ["-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-384"]):
            with self.subTest(key):
                self.inner = self.make("Another", self.root, ca=True, key=key)
                leaf = self.leaf()
                self.finds(FINE, [], leaf, "-s", self.respond(leaf,
                                                              self.inner))

    def test_only_appointed_responders_may_sign(self):
        leaf = self.leaf()
        change = {"extendedKeyUsage": "OCSPSigning"}
        for signer, code, rules in (
                (self.make("Responder", self.inner, change=change), FINE, []),
                (self.make("Server", self.inner), WARNINGS, ["staple"]),
                (self.make("Stranger", self.root, change=change), WARNINGS,
                 ["staple"]),
                (self.root, WARNINGS, ["staple"]), (leaf, WARNINGS,
                                                    ["staple"])):
            with self.subTest(signer):
                staple = self.respond(leaf, self.inner, signer)
                self.finds(code, rules, leaf, "--staple", staple)

    def test_what_is_not_sent_is_told(self):
        leaf = self.leaf()
        later = time.strftime("%Y-%m-%d",
                              time.gmtime(time.time() + 10 * 86400))
        staple = self.respond(leaf, self.inner)
        for more in ([staple, "--at", later], [self.path("request")],
                     [leaf + ".pem"], ["/dev/null"],
                     [self.respond(self.leaf(), self.inner)]):
            with self.subTest(more):
                self.finds(WARNINGS, ["staple"], leaf, "--staple", *more)

    def test_an_old_response_is_a_warning_before_it_ends(self):
        leaf = self.leaf()
        staple = self.respond(leaf, self.inner)
        for hours, code, rules in ((143, FINE, []),
                                   (145, WARNINGS, ["staple-old"]),
                                   (193, WARNINGS, ["staple"])):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                               time.gmtime(time.time() + hours * 3600))
            with self.subTest(hours):
                self.finds(code, rules, leaf, "-s", staple, "--at", at)

    def test_a_revoked_certificate_is_told(self):
        leaf = self.leaf()
        staple = self.respond(leaf, self.inner,
                              status="R261101000000Z,keyCompromise")
        self.finds(WARNINGS, ["revoked"], leaf, "--staple", staple)
        found = self.check(self.path("chain.pem"), "-k", leaf + ".key", "-s",
                           staple)[2]
        self.assertEqual(found[0]["what"], "the CA has revoked the "
                         "certificate on 2026-11-01 00:00 UTC")

    def test_one_that_the_responder_does_not_know(self):
        leaf, other = self.leaf(), self.leaf()
        asked = self.path("request")
        self.respond(leaf, self.inner)  # the request
        staple = self.path("unknown")
        self.succeeds("openssl", "ocsp", "-index", self.index(other), "-CA",
                      self.inner + ".pem", "-rsigner", self.inner + ".pem",
                      "-rkey", self.inner + ".key", "-reqin", asked,
                      "-respout", staple, "-ndays", "8")
        self.finds(WARNINGS, ["staple"], leaf, "--staple", staple)

    def test_the_issuer_must_be_in_the_file(self):
        leaf = self.leaf()
        staple = self.respond(leaf, self.inner)
        code, rules, found = self.check(leaf + ".pem", "--staple", staple)
        self.assertEqual((code, rules),
                         (WARNINGS, ["staple", "missing-issuer"]))
        self.assertIn("issuer", found[0]["what"])


@needs_gate
class Chains(Cert):
    """What stands in the file, and in which order."""

    def setUp(self):
        super().setUp()
        self.mine = self.leaf()
        self.key = ["--key", self.mine + ".key"]

    def test_order(self):
        other = self.make("other.example.com", self.root)
        for names, code, rules in (
                ([self.mine, self.inner], FINE, []),
                ([self.mine, self.inner, self.root], FINE, ["root"]),
                ([self.mine], WARNINGS, ["missing-issuer"]),
                ([self.inner, self.mine], ERRORS, ["leaf-first"]),
                ([self.mine, self.root, self.inner], ERRORS,
                 ["order", "root"]),
                ([self.mine, self.mine, self.inner], ERRORS, ["duplicate"]),
                ([self.mine, self.inner, other], ERRORS, ["unrelated"]),
                ([self.mine, self.root], ERRORS,
                 ["unrelated", "missing-issuer", "root"])):
            with self.subTest(names):
                self.assertEqual(
                    self.check(self.join(*names), *self.key)[:2],
                    (code, rules))

    def test_a_missing_issuer_is_told_with_its_address(self):
        self.mine = self.leaf(change={
            "authorityInfoAccess": "caIssuers;URI:http://ca.example/x.der"})
        found = self.check(self.mine + ".pem")[2]
        self.assertIn("http://ca.example/x.der", found[0]["what"])

    def test_another_key_is_an_error(self):
        other = self.leaf()
        chain = self.join(self.mine, self.inner)
        self.assertEqual(self.check(chain, "--key", other + ".key")[:2],
                         (ERRORS, ["pair"]))

    def test_a_key_open_to_others_is_a_warning(self):
        chain = self.join(self.mine, self.inner)
        os.chmod(self.mine + ".key", 0o644)
        self.assertEqual(self.check(chain, *self.key)[:2],
                         (WARNINGS, ["key-mode"]))

    def test_a_key_in_the_same_file_is_found(self):
        for name, code, rules in ((self.mine, FINE, []),
                                  (self.leaf(), ERRORS, ["pair"])):
            chain = self.join(self.mine, self.inner)
            os.chmod(chain, 0o600)
            with open(name + ".key") as key, open(chain, "a") as f:
                f.write(key.read())
            self.assertEqual(self.check(chain)[:2], (code, rules))

    def test_an_encrypted_key_needs_its_passphrase(self):
        locked, phrase = self.path("enc"), self.path("phrase")
        self.succeeds("openssl", "pkey", "-aes128", "-passout", "pass:x y",
                      "-in", self.mine + ".key", "-out", locked)
        os.chmod(locked, 0o600)
        chain = self.join(self.mine, self.inner)
        code, rules, found = self.check(chain, "-k", locked)
        self.assertEqual((code, rules), (ERRORS, ["key"]))
        self.assertIn("passphrase", found[0]["what"])
        for text, code, rules in (("x y\r\n", FINE, []),
                                  ("x\n", ERRORS, ["key"]),
                                  ("", ERRORS, ["key"])):
            with open(phrase, "w") as f:
                f.write(text)
            self.assertEqual(self.check(chain, "-k", locked, "-p",
                                        phrase)[:2], (code, rules), text)

    def test_der_is_told_from_pem(self):
        self.succeeds("openssl", "x509", "-in", self.mine + ".pem",
                      "-outform", "DER", "-out", self.path("der"))
        self.assertEqual(self.check(self.path("der"))[:2],
                         (ERRORS, ["not-pem"]))

    def test_errors_are_what_the_gate_refuses(self):
        gate = self.make_gate(free_port())
        other = self.leaf()
        # Of the same name; only the signature tells.
        double = self.make("Inner", self.root, ca=True)
        free = self.leaf(change={"authorityKeyIdentifier": None})
        for names, key in (([self.mine, self.inner], self.mine),
                           ([free, double], free),
                           ([free, self.inner], free),
                           ([self.mine], self.mine),
                           ([self.inner, self.mine], self.mine),
                           ([self.mine, self.root], self.mine),
                           ([self.mine, self.inner], other)):
            with self.subTest(names):
                chain = self.join(*names)
                gate.change({"certificates": [{"chain": chain,
                                               "key": key + ".key"}]})
                done = subprocess.run(
                    [IMAPWARD, "config", "check", gate.config_path],
                    capture_output=True, text=True, timeout=20)
                code = self.check(chain, "--key", key + ".key")[0]
                self.assertEqual(done.returncode == 2, code == ERRORS)
                if code == WARNINGS:
                    self.assertIn("warning:", done.stdout)


@needs_gate
class Output(Cert):
    """For people and for programs."""

    def run_it(self, *arguments):
        done = subprocess.run([IMAPWARD, "cert", *arguments], text=True,
                              capture_output=True, timeout=20)
        return done.returncode, done.stdout, done.stderr

    def test_text_has_eighty_columns(self):
        leaf = self.leaf(change={"subjectAltName": "DNS:*.com,DNS:*,DNS:a*.b"
                                 ".example", "extendedKeyUsage": None})
        code, out, err = self.run_it("check", leaf + ".pem", "--name",
                                     "imap.example.com", "--at", "2040-01-01")
        self.assertEqual((code, err), (ERRORS, ""))
        lines = out.splitlines()
        self.assertLessEqual(max(map(len, lines[1:])), 80, out)
        self.assertIn("  error: expired", lines)
        self.assertRegex(out, r"(?s)Who: .*Do: ")

    def test_each_file_has_its_own_verdict(self):
        good = self.join(self.leaf(), self.inner)
        code, out, _ = self.run_it("check", "--json", "--ca",
                                   self.root + ".pem", good,
                                   self.leaf(days=900) + ".pem")
        self.assertEqual(code, WARNINGS)
        self.assertEqual([json.loads(line)["verdict"]
                          for line in out.splitlines()], ["fine", "warning"])

    def test_a_file_that_is_not_there_is_an_error(self):
        code, out, err = self.run_it("check", "/no/such/file")
        self.assertEqual((code, out), (ERRORS, ""))
        self.assertIn("/no/such/file: No such file", err)
        code, out, err = self.run_it("check", self.folder)
        self.assertEqual((code, out), (ERRORS, ""))
        self.assertIn("Is a directory; name the files in it", err)

    def test_a_wrong_command_line_is_a_usage_error(self):
        for arguments in ([], ["check"], ["frobnicate", "x"],
                          ["check", "--at", "yesterday", "x"],
                          ["check", "--at", "2026-13-01", "x"],
                          ["check", "--name", "", "x"],
                          ["check", "--key", "k", "x", "y"],
                          ["check", "--staple", "s", "x", "y"],
                          ["check", "--frobnicate", "x"]):
            with self.subTest(arguments):
                code, out, err = self.run_it(*arguments)
                self.assertEqual((code, out), (USAGE, ""))
                self.assertIn("usage: imapward cert check", err)

    def test_help_goes_to_stdout(self):
        code, out, err = self.run_it("--help")
        self.assertEqual((code, err), (FINE, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_full_disk_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([IMAPWARD, "cert", "check",
                                   self.root + ".pem"], stdout=full,
                                  stderr=subprocess.PIPE, timeout=20)
        self.assertEqual(done.returncode, 3)
