# SPDX-License-Identifier: GPL-3.0-or-later
"""In front of GNU mailutils: LITERAL+ but no SASL-IR, and lines without CR."""

import suite
from chroots import needs_chroots
from mailutils import Mailutils


def pulled_so_far(self, *_):
    self.skipTest("pulled; going on, imap4d answers FETCH FLAGS without "
                  "parentheses, and mbsync stops, gate or not")


suite.clients(Mailutils, globals(), discard_far=pulled_so_far,
              test_idle_hears_of_a_new_message=suite.lacks(
                  "imap4d tells of new mail when IDLE ends"))


@needs_chroots
class Settings(suite.Settings):
    server = Mailutils

    def test_login_disabled_is_told_of(self):
        self.refuses(b"UNAVAILABLE", "LOGINDISABLED",
                     **{"login-disabled": "yes"})

    def test_max_children_lets_the_next_one_wait(self):
        self.refuses(b"UNAVAILABLE", "greet|time", after=4,
                     change={"timeouts": {"greeting": "1s"}},
                     **{"max-children": 4})
