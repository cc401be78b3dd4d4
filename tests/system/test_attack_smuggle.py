# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands hidden in literals, in front of a real Dovecot.

Dovecot answers some commands at their verb, skips to the line's end and would
read the bytes of an unasked literal as commands. None may reach it.
"""

import unittest

from gate import Case, needs_gate

# Verbs whose arguments Dovecot does not look at, or does not know at all.
LAZY = (b"NOOP", b"CAPABILITY", b"CHECK", b"NAMESPACE", b"XUNHEARDOF",
        b"CLOSE", b"UNSELECT")


@needs_gate
class Smuggled(Case):
    def mailboxes(self, wire):
        wire.send(b"list LIST \"\" *\r\n")
        return b"".join(wire.until(rb"list OK")[0])

    def test_a_literal_behind_a_lazy_verb_is_never_read_as_commands(self):
        gate, _ = self.start_both()
        for form in (b"{%d+}", b"~{%d+}"):
            for verb in LAZY:
                with self.subTest(verb + b" " + form):
                    wire = self.logged_in(gate)
                    hidden = b"b LOGIN bob guess1\r\na CREATE smuggled\r\n"
                    wire.send(b"a %s %s\r\n" % (verb, form % len(hidden)) +
                              hidden + b"\r\nz NOOP\r\n")
                    said = b"".join(wire.until(rb"z OK")[0])
                    self.assertNotRegex(said, rb"(?m)^b (OK|NO|BAD)")
                    self.assertNotIn(b"smuggled", self.mailboxes(wire))
                    wire.send(b"q LOGOUT\r\n")
                    wire.rest()

    def test_the_plus_of_an_idle_lets_no_literal_pass(self):
        gate, _ = self.start_both()
        wire = self.logged_in(gate)
        hidden = b"DONE\r\nb CREATE smuggled\r\n"
        wire.send(b"a IDLE {%d}\r\n" % len(hidden))
        wire.expect(rb"a BAD")
        wire.send(b"z NOOP\r\n")
        wire.expect(rb"z OK")
        self.assertNotIn(b"smuggled", self.mailboxes(wire))


if __name__ == "__main__":
    unittest.main()
