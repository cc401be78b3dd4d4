# SPDX-License-Identifier: GPL-3.0-or-later
"""certs.py - a certificate authority for the tests, made by openssl(1).

Every name is made when it is first asked for and kept in one folder; the
runner makes the folder once for all tests (GATE_CERTS).
"""

import fcntl
import os
import subprocess

NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"

# name: (key, first day, last day, names, purpose); GeneralizedTime, None is
# "now, for a year"; the last two may be left out.
LEAVES = {
    "leaf": ("ec", None, None),
    "second": ("ec", None, None),
    "rsa": ("rsa", None, None),
    "slow": ("slow", None, None),
    "expired": ("ec", "20200101000000Z", "20210101000000Z"),
    "future": ("ec", "20990101000000Z", "20991231000000Z"),
    "mail": ("ec", None, None, "DNS:mail.example.com"),
    "mail-rsa": ("rsa", None, None, "DNS:mail.example.com"),
    "wild": ("ec", None, None, "DNS:*.example.net"),
    "other": ("ec", None, None, "DNS:other.example.org"),
    # Of clients.
    "anna": ("ec", None, None, "DNS:anna.example.com", "clientAuth"),
    "bert": ("rsa", None, None, "email:bert@example.com", "clientAuth"),
    "revoked": ("ec", None, None, "DNS:gone.example.com", "clientAuth"),
}

KEYS = {
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "slow": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
}

CA_CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
default_days = 365
policy = any
unique_subject = no
default_crl_days = 30
[any]
commonName = supplied
"""

LEAF_CONFIG = """
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = {purpose}
subjectAltName = {names}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Certs:
    """Paths: ca, and chain(name), key(name) for each name in LEAVES."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self._path("ca.pem")
        with self._alone():
            if not os.path.exists(self.ca):
                self._make_ca()

    def chain(self, name="leaf"):
        return self._made(name) + ".pem"

    def key(self, name="leaf"):
        return self._made(name) + ".key"

    def _path(self, name):
        return os.path.join(self.folder, name)

    def crl(self, *revoked):
        """The CA's list, on which these are."""
        for name in revoked:
            self._made(name)
        with self._alone():
            path = self._path("crl.pem")
            if not os.path.exists(path):
                for name in revoked:
                    self._openssl("ca", "-config", "ca.cnf", "-revoke",
                                  name + ".pem")
                self._openssl("ca", "-config", "ca.cnf", "-gencrl", "-out",
                              "crl.new")
                os.rename(self._path("crl.new"), path)
        return path

    def _write(self, name, text):
        with open(self._path(name), "w") as f:
            f.write(text)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder,
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("openssl %s: %s" % (" ".join(arguments),
                                                   done.stderr))

    def _alone(self):
        """Tests run side by side and share the folder."""
        lock = open(self._path("lock"), "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def _make_key(self, kind, name):
        self._openssl("genpkey", *KEYS[kind], "-out", name)

    def _make_ca(self):
        for name, text in (("index", ""), ("serial", "1000\n"),
                           ("ca.cnf", CA_CONFIG.format(folder=self.folder))):
            self._write(name, text)
        self._make_key("ec", "ca.key")
        self._openssl("req", "-new", "-x509", "-key", "ca.key", "-days",
                      "365", "-subj", "/CN=imapward test CA", "-addext",
                      "keyUsage=critical,keyCertSign,cRLSign", "-out",
                      "ca.pem.new")
        os.rename(self._path("ca.pem.new"), self.ca)

    def _made(self, name):
        with self._alone():
            if not os.path.exists(self._path(name + ".pem")):
                self._make_leaf(name, *LEAVES[name])
        return self._path(name)

    def _make_leaf(self, name, kind, first, last, names=NAMES,
                   purpose="serverAuth"):
        dates = []
        if first:
            dates = ["-startdate", first, "-enddate", last]
        self._make_key(kind, name + ".key")
        self._write(name + ".ext",
                    LEAF_CONFIG.format(names=names, purpose=purpose))
        self._openssl("req", "-new", "-key", name + ".key", "-subj",
                      "/CN=imapward test " + name, "-out", name + ".csr")
        self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf",
                      "-extfile", name + ".ext",
                      "-extensions", "leaf", "-in", name + ".csr", "-out",
                      name + ".new", *dates)
        os.rename(self._path(name + ".new"), self._path(name + ".pem"))
