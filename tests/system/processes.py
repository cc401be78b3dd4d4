# SPDX-License-Identifier: GPL-3.0-or-later
"""processes.py - starting and stopping servers, and looking at them in /proc."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import tempfile
import unittest

PR_SET_PDEATHSIG = 1
PIDFD_GETFD = 438
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


def am_root():
    return os.geteuid() == 0


def can_mount():
    """May we mount, for ourselves alone? Not as a user, nor in some containers."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return subprocess.run(
                ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none "$0"',
                 folder], capture_output=True).returncode == 0
        except OSError:
            return False


def die_with_parent():
    """In the child, before exec: no server outlives a test that was killed."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def as_nobody():
    """The words in front of a command that run it without privileges."""
    if not am_root():
        return []
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
            "--clear-groups", "--pdeathsig", "TERM"]


def start(command, output, **more):
    """A server in the foreground; stdout and stderr go to the file output."""
    with open(output, "ab") as f:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=f,
                                stderr=f, preexec_fn=die_with_parent, **more)


def stop(process, seconds=15):
    """SIGTERM, then, after that long, SIGKILL. Returns what wait() gave."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and status(int(entry)).get("PPid") == str(pid):
            found.append(int(entry))
    return found


def status(pid):
    """/proc/PID/status as a dictionary; empty when there is no such process."""
    try:
        with open("/proc/%d/status" % pid) as f:
            lines = [line.split(":", 1) for line in f if ":" in line]
    except OSError:
        return {}
    return {name: value.strip() for name, value in lines}


def alive(pid):
    return status(pid).get("State", "Z")[0] not in "ZX"


def memory(pid):
    """Resident bytes that are the process's own."""
    now = status(pid)
    return int(now.get("RssAnon", "0 kB").split()[0]) * 1024


def descriptors(pid):
    """What its descriptors are open on. The relay shows it to root only."""
    folder = "/proc/%d/fd" % pid
    found = []
    try:
        for name in os.listdir(folder):
            try:
                found.append(os.readlink(os.path.join(folder, name)))
            except FileNotFoundError:
                pass  # closed since the folder was read
    except PermissionError:
        raise unittest.SkipTest("only root may look at the relay's files")
    return found


def descriptor_of(pid, number):
    """Our own copy of a process's socket; None where it has none. Root only."""
    process = os.pidfd_open(pid)
    try:
        fd = _libc.syscall(PIDFD_GETFD, process, number, 0)
    finally:
        os.close(process)
    if fd >= 0:
        try:
            return socket.socket(fileno=fd)
        except OSError:
            os.close(fd)
            return None
    if ctypes.get_errno() in (errno.EPERM, errno.ENOSYS):
        raise unittest.SkipTest("only root may borrow the relay's sockets")
    return None


def processor_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
