# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate is replaced, and the gate sees it: no client is lost."""

from case import PkiCase
from gate import needs_gate
from swap import Swaps


@needs_gate
class Watch(Swaps, PkiCase):
    settings = {"tls": {"watch": "1s"}}

    def tell(self, gate, number):
        pass
