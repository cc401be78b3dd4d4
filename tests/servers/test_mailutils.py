# SPDX-License-Identifier: GPL-3.0-or-later
"""doc"""

import suite
from mailutils import Mailutils

suite.clients(Mailutils, globals())
