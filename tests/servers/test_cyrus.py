# SPDX-License-Identifier: GPL-3.0-or-later
"""doc"""

import suite
from cyrus import Cyrus

suite.clients(Cyrus, globals())
