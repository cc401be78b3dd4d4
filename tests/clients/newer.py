# SPDX-License-Identifier: GPL-3.0-or-later
"""newer.py - OpenSSL of a later Debian beside the installed one.

    openssl = newer.openssl()   the words in front of "s_client"

It speaks X25519MLKEM768, which Debian 12's does not. The packages come from
the mirror that this machine's own apt uses, by an apt-get with sources, lists
and cache of its own; they are unpacked, not installed, and kept below
${XDG_CACHE_HOME:-~/.cache}/imapward. The programs run with the C library that
came with them.
"""

import fcntl
import glob
import os
import shutil
import subprocess
import tempfile

from chroots import KEYRING, mirror

SUITE = "trixie"  # OpenSSL 3.5
PACKAGES = ["openssl", "libssl3t64", "libc6", "zlib1g", "libzstd1"]
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "imapward")
TREE = os.path.join(CACHE, "openssl-" + SUITE)

SOURCES = """\
Types: deb
URIs: {mirror}
Suites: {suite}
Components: main
"""


class Missing(Exception):
    """It cannot be had here; says why."""


def openssl():
    """The command that runs it, fetched when it is not there."""
    os.makedirs(CACHE, exist_ok=True)
    with open(TREE + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(TREE):
            _fetch()
    library = glob.glob(TREE + "/usr/lib/*-linux-gnu")[0]
    loader = glob.glob(library + "/ld-linux*.so.*")[0]
    return ["env", "OPENSSL_CONF=/dev/null",
            "OPENSSL_MODULES=" + library + "/ossl-modules", loader,
            "--library-path", library, TREE + "/usr/bin/openssl"]


def _fetch():
    if not shutil.which("apt-get"):
        raise Missing("OpenSSL 3.5 of a later Debian: there is no apt-get")
    work = tempfile.mkdtemp(prefix="fetch-", dir=CACHE)
    try:
        _download(work)
        _unpack(work)
        os.rename(work + "/root", TREE)
    except (subprocess.CalledProcessError, RuntimeError, OSError) as e:
        said = getattr(e, "stderr", None) or str(e)
        raise Missing("OpenSSL 3.5 of %s cannot be had: %s" %
                      (SUITE, said.strip().splitlines()[-1])) from e
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(work):
    for name in ("sources", "lists/partial", "cache/archives/partial", "deb"):
        os.makedirs(os.path.join(work, name))
    with open(work + "/sources/newer.sources", "w") as f:
        f.write(SOURCES.format(mirror=mirror(), suite=SUITE))
        if os.path.exists(KEYRING):
            f.write("Signed-By: %s\n" % KEYRING)
    open(work + "/status", "w").close()
    options = []
    for name, value in (("Dir::Etc::SourceList", "/dev/null"),
                        ("Dir::Etc::SourceParts", work + "/sources"),
                        ("Dir::State::Lists", work + "/lists"),
                        ("Dir::State::status", work + "/status"),
                        ("Dir::Cache", work + "/cache"),
                        ("APT::Sandbox::User", "root"),
                        ("Acquire::Languages", "none"),
                        ("Acquire::Retries", "3")):
        options += ["-o", "%s=%s" % (name, value)]
    for words in (["update", "-qq"], ["download", "-qq", *PACKAGES]):
        subprocess.run(["apt-get", *options, *words], check=True, text=True,
                       cwd=work + "/deb", capture_output=True)


def _unpack(work):
    for package in glob.glob(work + "/deb/*.deb"):
        subprocess.run(["dpkg", "-x", package, work + "/root"], check=True,
                       text=True, capture_output=True)
