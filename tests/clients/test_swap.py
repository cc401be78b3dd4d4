# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate is replaced, then SIGHUP: no client is lost meanwhile."""

import signal

from case import PkiCase
from gate import needs_gate, wait_until
from swap import Swaps


@needs_gate
class Swap(Swaps, PkiCase):
    def tell(self, gate, number):
        gate.signal(signal.SIGHUP)
        # Not the events: they get many meanwhile.
        wait_until("the gate has reloaded", lambda: gate.stderr().count(
            "was reloaded") == number)
