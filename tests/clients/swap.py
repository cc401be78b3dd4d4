# SPDX-License-Identifier: GPL-3.0-or-later
"""swap.py - certificates replaced while clients come in."""

import collections
import os
import shutil
import ssl
import threading
import time

from case import full, pair_at
from fake import Backend
from gate import seconds, wait_until
from wire import Wire, trusting

NAMES = "leaf", "second"
THREADS = 4
PAUSE = 0.01  # of each thread: some 200 handshakes a second in all


class Crowd:
    """Clients that come one after the other, each with a full handshake,
    until stop(); seen counts the certificates."""

    def __init__(self, port, ca):
        self.port, self.ca = port, ca
        self.seen, self.errors = collections.Counter(), []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._come, daemon=True)
                        for _ in range(THREADS)]
        for thread in self.threads:
            thread.start()

    def _come(self):
        context = trusting(self.ca)
        while not self.over.is_set():
            try:
                self.seen[self._visit(context)] += 1
            except (OSError, AssertionError, ssl.SSLError) as e:
                self.errors.append(repr(e))
            time.sleep(PAUSE)

    def _visit(self, context):
        with Wire(self.port, tls=context) as wire:
            wire.greeting()
            certificate = wire.certificate()
            _, verdict = wire.command("a", b"LOGOUT")
            assert verdict.startswith(b"a OK"), verdict
            return certificate

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def explain(self):
        return "%d visits, errors: %s" % (sum(self.seen.values()),
                                          self.errors[:5])


# --- how the files are replaced: chain and key are where they must appear ---

def copied(folder):
    return (os.path.join(folder, "fullchain.pem"),
            os.path.join(folder, "privkey.pem"))


class InPlace:
    """The same files, written anew: one is half there for a moment."""

    def __init__(self, folder):
        self.chain, self.key = copied(folder)

    def put(self, chain, key, number):
        shutil.copyfile(key, self.key)
        os.chmod(self.key, 0o600)
        shutil.copyfile(chain, self.chain)


class Renamed(InPlace):
    """Each file is written elsewhere, then renamed over the old one."""

    def put(self, chain, key, number):
        for source, target in ((key, self.key), (chain, self.chain)):
            shutil.copyfile(source, target + ".new")
            os.chmod(target + ".new", 0o600)
            os.rename(target + ".new", target)


class Symlinks:
    """Certbot's tree: new files under archive/, then link by link turned."""

    def __init__(self, folder):
        self.live = os.path.join(folder, "live", "localhost")
        self.archive = os.path.join(folder, "archive", "localhost")
        os.makedirs(self.live)
        os.makedirs(self.archive)
        self.chain, self.key = copied(self.live)

    def put(self, chain, key, number):
        for source, link in ((key, self.key), (chain, self.chain)):
            name, ending = os.path.splitext(os.path.basename(link))
            target = "%s%d%s" % (name, number, ending)
            shutil.copyfile(source, os.path.join(self.archive, target))
            os.chmod(os.path.join(self.archive, target), 0o600)
        for link in (self.key, self.chain):
            name, ending = os.path.splitext(os.path.basename(link))
            # Certbot removes the old link before it makes the new one.
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink("../../archive/localhost/%s%d%s" %
                       (name, number, ending), link)


class Swaps:
    """What each way of telling the gate must bear, mixed into a PkiCase."""

    settings = {}

    def swapped(self, way, times):
        files = way(self.folder_for("pair"))
        files.put(self.certs.chain(NAMES[0]), self.certs.key(NAMES[0]), 0)
        gate = self.start_gate(self.keep(Backend()), dict(
            pair_at(files.chain, files.key), **self.settings,
            limits={"connections_per_address": 1000}))
        crowd = self.keep(Crowd(gate.port, self.certs.ca))
        for number in range(1, times + 1):
            name = NAMES[number % 2]
            files.put(self.certs.chain(name), self.certs.key(name), number)
            self.tell(gate, number)
            before = crowd.seen[self.certs.der(name)]
            wait_until("everybody is shown the new certificate",
                       lambda: crowd.seen[self.certs.der(name)] >
                       before + 2 * THREADS, 40)
        crowd.stop()
        self.assertEqual(crowd.errors, [])
        self.assertEqual(set(crowd.seen), {self.certs.der(n) for n in NAMES})

    def tell(self, gate, number):
        """Says to the gate that it was done for the number-th time."""
        raise NotImplementedError

    def test_files_written_in_place(self):
        self.swapped(InPlace, 4)

    def test_files_renamed_over_the_old_ones(self):
        self.swapped(Renamed, 4)

    def test_links_turned_as_certbot_does(self):
        self.swapped(Symlinks, 4)

    @full
    @seconds(300)
    def test_files_written_in_place_very_often(self):
        self.swapped(InPlace, 40)

    @full
    @seconds(300)
    def test_files_renamed_over_the_old_ones_very_often(self):
        self.swapped(Renamed, 40)

    @full
    @seconds(300)
    def test_links_turned_as_certbot_does_very_often(self):
        self.swapped(Symlinks, 40)
