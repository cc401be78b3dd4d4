# SPDX-License-Identifier: GPL-3.0-or-later
"""case.py - the case of these tests: a gate with certificates out of pki.py."""

import os

from gate import Case
from pki import Pki
from ports import wait_until

VERSIONS = ("1.2", "1.3")


def full(test):
    """A test, or a class of them, for --full only."""
    test.full = True
    return test


class PkiCase(Case):
    authority = Pki

    def session_of(self, gate, visit):
        """The events of the one connection that visit() makes."""
        before = len(gate.events())
        visit()
        ended = wait_until(
            "the connection's end is told",
            lambda: [e for e in gate.events()[before:]
                     if e["event.action"] == "connection"])[0]
        return [e for e in gate.events()[before:]
                if e.get("imapward.session") == ended["imapward.session"]]

    def folder_for(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return path


def pair_at(chain, key):
    """The change by which the certificate is looked for in these files."""
    return {"certificates": [{"chain": chain, "key": key}]}
