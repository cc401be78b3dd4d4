# SPDX-License-Identifier: GPL-3.0-or-later
"""doc"""

import suite
from courier import Courier

suite.clients(Courier, globals())
