# SPDX-License-Identifier: GPL-3.0-or-later
"""chroots.py - Debian trees with one old server in each, made once and kept.

    tree = chroots.tree("mailutils", ["mailutils-imap4d"], "useradd alice")
    process = start(chroots.inside(tree, ["imap4d", ...], folder), output)

These servers' packages exclude one another, so each gets a tree of its own:
debootstrap's base (half a minute), a copy of it for each, packages installed
there. They are kept below ${XDG_CACHE_HOME:-~/.cache}/imapward/chroots.

A server runs in mount and process namespaces of its own: what is mounted
there and every process it left behind are gone when the first one ends. What
it writes belongs below /srv, which is a folder of the test.
"""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import unittest

SUITE = "bookworm"  # it has Cyrus 3.6, Courier 5.0 and mailutils 3.15
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SOURCES = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "imapward", "chroots")


def obstacle():
    """Why there can be no chroot here, or ""."""
    if os.geteuid() != 0:
        return "servers in a chroot need root"
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = [p for p in ("debootstrap", "unshare", "mount")
               if not shutil.which(p, path=path)]
    if missing:
        return "not installed: " + " ".join(missing)
    if subprocess.run(["unshare", "-m", "-p", "-f", "true"],
                      capture_output=True).returncode:
        return "no new mount and process namespaces are allowed here"
    return ""


def needs_chroots(test):
    reason = obstacle()
    return unittest.skipIf(reason, reason)(test)


def mirror():
    """The one that this machine's own apt uses."""
    for name in SOURCES:
        try:
            with open(name) as f:
                words = f.read().split()
        except OSError:
            continue
        for word in words:
            if word.startswith("http") and word.rstrip("/").endswith("/debian"):
                return word
    raise RuntimeError("no Debian mirror in " + " or ".join(SOURCES))


def tree(name, packages, script):
    """The folder of the chroot with these packages, in which script ran."""
    recipe = hashlib.sha256(repr((packages, script)).encode()).hexdigest()
    path = os.path.join(CACHE, "%s-%s-%s" % (SUITE, name, recipe[:8]))
    with _alone(name):
        if not os.path.isdir(path):
            base = _base()
            _made(path, lambda new: _furnish(base, new, packages, script))
            _forget_others(name, path)
    return path


def _base():
    path = os.path.join(CACHE, SUITE + "-base")
    with _alone("base"):
        if not os.path.isdir(path):
            _made(path, _bootstrap)
    return path


def _forget_others(name, path):
    """Trees by older recipes."""
    for other in glob.glob(os.path.join(CACHE, "%s-%s-*" % (SUITE, name))):
        if other != path:
            shutil.rmtree(other)


def _alone(name):
    """Runs side by side share the trees."""
    os.makedirs(CACHE, exist_ok=True)
    lock = open(os.path.join(CACHE, name + ".lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _made(path, make):
    """Whole or not at all."""
    print("making", path, flush=True)
    new = path + ".new"
    shutil.rmtree(new, ignore_errors=True)
    make(new)
    os.rename(new, path)


def _bootstrap(new):
    _run("debootstrap", "--variant=minbase", "--keyring=" + KEYRING, SUITE,
         new, mirror())


def _furnish(base, new, packages, script):
    _run("cp", "-a", base, new)
    for name in ("/etc/resolv.conf", "/etc/hosts"):
        shutil.copyfile(name, new + name)
    with open(new + "/usr/sbin/policy-rc.d", "w") as f:
        f.write("#!/bin/sh\nexit 101\n")  # start nothing
    os.chmod(new + "/usr/sbin/policy-rc.d", 0o755)
    for command in (["apt-get", "update", "-qq"],
                    ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get",
                     "install", "-qq", "-y", "--no-install-recommends",
                     *packages],
                    ["sh", "-c", "apt-get clean; rm -r /var/lib/apt/lists"],
                    ["sh", "-ec", script]):
        _run(*inside(new, command))


def _run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, LC_ALL="C", PATH=os.environ[
                              "PATH"] + ":/usr/sbin:/sbin"))
    if done.returncode:
        raise RuntimeError("%s\n%s" % (" ".join(command), done.stdout[-3000:]
                                       .decode(errors="replace")))


# Process 1 of its namespaces. It stays, for a server that changes its user is
# not killed with its parent any more.
ENTER = """set -e
mount -t proc proc "$1/proc"
[ -z "$2" ] || mount --bind "$2" "$1/srv"
tree=$1
shift 2
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C chroot "$tree" "$@" || exit
exit 0
"""


def inside(tree, command, folder=""):
    """The words that run a command in the tree, with folder as /srv.

    When the process that they start is killed, everything in there ends; it
    is killed when its parent ends.
    """
    return ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid",
            "--fork", "--kill-child", "/bin/sh", "-c", ENTER, "enter", tree,
            folder, *command]
