# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers the commands may be a relay that somebody has taken over."""

import os
import socket
import threading

from gate import IMAPWARD, Case, needs_gate

# Steers a terminal, in each form in which one takes orders; and hides.
HOSTILE = b"\x1b[2J\x9b2J\xc2\x9b2J\xc2\x85\x07\x7f\r\xe2\x80\xae\xff"
ORDERS = ("\x1b", "\x9b", "\x85", "\x07", "\x7f", "\r", "\u202e")

ANSWERS = {
    ("ban", "list"):
        b'ok\n{"bans":[\n{"kind":"user","who":"%s","by_hand":true,'
        b'"reason":"%s","attempts":0}\n]}\n',
    ("cert", "list"):
        b'ok\n{"certificates":[\n{"default":true,"name":"%s","file":"%s",'
        b'"names":[]}\n]}\n',
    ("status",): b'ok\n{"version":"%s","started":"%s"}\n',
    ("reload",): b"error no: %s %s\n",
}


@needs_gate
class Answer(Case):
    def answered(self, path, answer):
        """Whoever asks there once hears that."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()

        def run():
            peer, _ = listener.accept()
            peer.recv(4096)
            peer.sendall(answer)
            peer.close()
            listener.close()
        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def test_nothing_that_a_false_daemon_says_steers_a_terminal(self):
        folder = self.new_folder("false")
        for number, (words, answer) in enumerate(ANSWERS.items()):
            for more in ((), ("--json",)):
                if words == ("reload",) and more:
                    continue
                path = os.path.join(folder, "%d%d" % (number, len(more)))
                thread = self.answered(path, answer % (HOSTILE, HOSTILE))
                done = self.run_program(IMAPWARD, *words, *more, "-s", path)
                thread.join()
                seen = (done.stdout + done.stderr).decode(
                    errors="surrogateescape")
                self.assertIn("2J", seen, words)
                for order in ORDERS:
                    self.assertNotIn(order, seen, words)
                self.assertFalse([c for c in seen
                                  if 0xdc80 <= ord(c) <= 0xdcff], words)
