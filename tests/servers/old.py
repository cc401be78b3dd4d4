# SPDX-License-Identifier: GPL-3.0-or-later
"""old.py - what the servers in chroots have in common."""

import os

import chroots
from ports import accepts, free_port, wait_until
from processes import start

# Passwords that go as an atom, only quoted, and only as a literal.
USERS = {
    "alice": "correct-horse",
    "bob": 'a "quoted\\ pass word',
    "erin": "pässwörd-日本",
}


class Old:
    """Listens in clear on port until stop(). Below it: one class a server.

    name, packages and script make the tree; run is the shell script that
    starts the server, with its folder as /srv; files are its configuration.
    """

    name = run = script = ""
    packages = []
    users = USERS

    def __init__(self, folder, **change):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.output = os.path.join(folder, "output")
        for name, text in self.files(**change).items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)

    @classmethod
    def tree(cls):
        return chroots.tree(cls.name, cls.packages, cls.script)

    def files(self):
        """File names below /srv and what they hold."""
        return {}

    def start(self):
        command = chroots.inside(self.tree(), ["sh", "-ec", self.run],
                                 self.folder)
        self.process = start(command, self.output)
        wait_until(self.name + " listens", self._listens, 30)
        return self

    def stop(self):
        """At once, with everything it started."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def explain(self):
        try:
            with open(self.output, errors="replace") as f:
                return f.read()[-3000:]
        except OSError as e:
            return str(e)

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError("%s did not start:\n%s" % (self.name,
                                                            self.explain()))
        return accepts(self.port)
