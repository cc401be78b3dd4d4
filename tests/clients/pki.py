# SPDX-License-Identifier: GPL-3.0-or-later
"""pki.py - a root, an intermediate, and leaves with one fault each.

Clients trust the root (Pki.ca). A leaf is made by openssl(1) when its name is
first asked for; the file of its chain is the leaf and the intermediate, as a
server should send them, unless that is the fault.
"""

import os
import time
from typing import NamedTuple, Optional

from certs import KEYS, NAMES, Certs

KEYS = dict(KEYS, **{
    "rsa-1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "p-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
})

PAST = "20200101000000Z", "20210101000000Z"
FUTURE = "20990101000000Z", "20991231000000Z"

# Without the second, NSS has no use for an RSA key.
RSA_USAGE = "digitalSignature,keyEncipherment"


class Leaf(NamedTuple):
    """What is asked of a certificate; the defaults are right."""
    key: str = "ec"
    issuer: str = "intermediate"   # "" is itself
    dates: Optional[tuple] = None  # first and last; None is "for a year"
    names: str = NAMES
    common_name: str = "imapward test leaf"
    purpose: str = "serverAuth"
    usage: str = "digitalSignature"
    digest: str = "sha256"
    ca: bool = False
    more: str = ""                 # further lines of extensions
    sent: tuple = ("intermediate",)


LEAVES = {
    # What a server should have
    "leaf": Leaf(),
    "second": Leaf(common_name="imapward second leaf"),
    "rsa": Leaf(key="rsa", usage=RSA_USAGE),
    "p-384": Leaf(key="p-384"),
    "host-a": Leaf(names="DNS:a.example.org"),
    "host-b": Leaf(names="DNS:b.example.org"),

    # Of clients
    "alice": Leaf(purpose="clientAuth", names="email:alice@example.org",
                  common_name="alice"),
    "weak-alice": Leaf(purpose="clientAuth", names="email:alice@example.org",
                       common_name="alice", key="rsa-1024"),

    # One fault each, as in the matrix
    "expired": Leaf(dates=PAST),
    "not-yet-valid": Leaf(dates=FUTURE),
    "wrong-host": Leaf(names="DNS:mail.example.org"),
    "unknown-ca": Leaf(issuer="stranger", sent=("stranger",)),
    "self-signed": Leaf(issuer="", sent=()),
    "self-signed-ca": Leaf(issuer="", sent=(), ca=True, purpose="",
                           usage="digitalSignature,keyCertSign"),
    # It says where the intermediate is to be had, as those of CAs do.
    "missing-intermediate": Leaf(sent=(), more="authorityInfoAccess = "
                                 "caIssuers;URI:http://ca.example.org/ca"),
    "wrong-usage": Leaf(purpose="clientAuth"),
    "sha-1": Leaf(digest="sha1"),
    "rsa-1024": Leaf(key="rsa-1024", usage=RSA_USAGE),

    # testssl.sh finds fault with one that has no word on revocation
    "revocable": Leaf(more="crlDistributionPoints = "
                      "URI:http://ca.example.org/crl"),

    # Weak and odd ones
    "expired-intermediate": Leaf(issuer="old", sent=("old",)),
    "no-names": Leaf(names="", common_name="localhost"),
    "wildcard": Leaf(names="DNS:*.example.org,DNS:localhost"),
    "no-purpose": Leaf(purpose=""),
    "ca-leaf": Leaf(ca=True, usage="digitalSignature,keyCertSign"),
    "must-staple": Leaf(more="tlsfeature = status_request"),
    "long-lived": Leaf(dates=("20240101000000Z", "20490101000000Z")),
    "sends-root": Leaf(sent=("intermediate", "ca")),
    "not-a-ca": Leaf(issuer="leaf", sent=("leaf", "intermediate")),
}

CA = Leaf(usage="keyCertSign,cRLSign", names="", purpose="", ca=True,
          sent=())
ISSUERS = {
    "intermediate": CA._replace(issuer="ca",
                                common_name="imapward test intermediate"),
    "stranger-root": CA._replace(issuer="", common_name="a root of strangers"),
    "stranger": CA._replace(issuer="stranger-root",
                            common_name="an intermediate of strangers"),
    "old": CA._replace(issuer="ca", dates=PAST,
                       common_name="imapward old intermediate"),
}

EXTENSIONS = """
[it]
basicConstraints = critical,CA:{ca}
keyUsage = critical,{usage}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
{more}
"""


def generalized(seconds):
    """Seconds since 1970 as certificates say it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


class Pki(Certs):
    """Paths: ca (the root), and chain(name), key(name) for each in LEAVES."""

    def brief(self, name, seconds):
        """A leaf of that new name which is valid for so long; until when."""
        end = int(time.time()) + seconds
        with self._alone():
            self._make(name, Leaf(dates=(PAST[0], generalized(end))))
        return end

    def der(self, name):
        """The leaf alone."""
        path = self._made(name)
        with self._alone():
            self._openssl("x509", "-in", name + ".pem", "-outform", "DER",
                          "-out", name + ".der")
        with open(path + ".der", "rb") as f:
            return f.read()

    def _made(self, name):
        with self._alone():
            self._need(name)
        return self._path(name)

    def _need(self, name):
        if not os.path.exists(self._path(name + ".pem")):
            self._make(name, ISSUERS.get(name) or LEAVES[name])

    def _make(self, name, leaf):
        if leaf.issuer:
            self._need(leaf.issuer)
        self._openssl("genpkey", *KEYS[leaf.key], "-out", name + ".key")
        self._openssl("req", "-new", "-key", name + ".key", "-subj",
                      "/CN=" + leaf.common_name, "-out", name + ".csr")
        with open(self._path(name + ".ext"), "w") as f:
            f.write(self._extensions(leaf))
        dates = []
        if leaf.dates:
            dates = ["-startdate", leaf.dates[0], "-enddate", leaf.dates[1]]
        by = ["-selfsign", "-keyfile", name + ".key"]
        if leaf.issuer:
            by = ["-cert", leaf.issuer + ".pem", "-keyfile",
                  leaf.issuer + ".key"]
        self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-md",
                      leaf.digest, *by, *dates, "-extfile", name + ".ext",
                      "-extensions", "it", "-in", name + ".csr", "-out",
                      name + ".crt")
        self._write_chain(name, leaf)

    def _extensions(self, leaf):
        text = EXTENSIONS.format(ca=str(leaf.ca).upper(), usage=leaf.usage,
                                 more=leaf.more)
        if leaf.purpose:
            text += "extendedKeyUsage = %s\n" % leaf.purpose
        if leaf.names:
            text += "subjectAltName = %s\n" % leaf.names
        return text

    def _write_chain(self, name, leaf):
        """The file appears whole, last of all: it says that all is made."""
        text = ""
        for part in (name, *leaf.sent):
            if part != name:
                self._need(part)
            path = self._path(part + ".crt")
            with open(path if part != "ca" else self.ca) as f:
                text += f.read()
        with open(self._path(name + ".new"), "w") as f:
            f.write(text)
        os.rename(self._path(name + ".new"), self._path(name + ".pem"))
