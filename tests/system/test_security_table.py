# SPDX-License-Identifier: GPL-3.0-or-later
"""src/SECURITY.md names tests; they exist, and none of the attacks is left out."""

import ast
import glob
import os
import re
import unittest

from gate import TOP

PAGE = os.path.join(TOP, "src", "SECURITY.md")
TRANSCRIPTS = os.path.join(TOP, "tests", "session", "transcripts")
PROGRAM = re.compile(r"test_\w+(\.\w+)+\Z")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def rows():
    """(line number, what its last column names) of each row of the page."""
    for number, line in enumerate(read(PAGE).splitlines(), 1):
        cells = line.strip("| ").split(" | ")
        if line.startswith("| ") and cells[0] != "threat":
            yield number, re.findall(r"`([^`]+)`", cells[-1])


def programs():
    """Names of all tests of the real daemon, and of their classes."""
    names = set()
    for folder in ("system", "load", "servers"):
        for path in glob.glob(os.path.join(TOP, "tests", folder,
                                           "test_*.py")):
            module = os.path.basename(path).removesuffix(".py")
            for part in ast.parse(read(path)).body:
                tests = [item.name for item in getattr(part, "body", ())
                         if getattr(item, "name", "").startswith("test_")]
                if isinstance(part, ast.ClassDef) and tests:
                    names.add("%s.%s" % (module, part.name))
                    names |= {"%s.%s.%s" % (module, part.name, test)
                              for test in tests}
    return names


def sentences(suite):
    """The text of a suite, with strings that go on in the next line joined."""
    for folder in ("unit", "session"):
        path = os.path.join(TOP, "tests", folder, "test_%s.c" % suite)
        if os.path.exists(path):
            return re.sub(r'"\s*\n\s*"', "", read(path))
    return ""


class Table(unittest.TestCase):
    def setUp(self):
        self.programs = programs()

    def exists(self, name):
        if PROGRAM.match(name):
            return name in self.programs
        if name.endswith(".txt"):
            return os.path.exists(os.path.join(TRANSCRIPTS, name))
        suite, _, sentence = name.partition(": ")
        return 'CU_add_test(' in sentences(suite) and \
            '"%s"' % sentence in sentences(suite)

    def test_every_test_it_names_exists(self):
        for number, names in rows():
            for name in names:
                with self.subTest(line=number):
                    self.assertTrue(self.exists(name), name)

    def test_every_row_names_a_test_of_the_real_daemon(self):
        for number, names in rows():
            with self.subTest(line=number):
                self.assertTrue([n for n in names if PROGRAM.match(n)])

    def test_every_attack_stands_in_it(self):
        named = {name for _, names in rows() for name in names}
        attacks = {name for name in self.programs
                   if name.startswith("test_attack_")}
        for name in attacks:
            if name.count(".") == 2:  # itself, or its whole class
                with self.subTest(name):
                    self.assertTrue({name, name.rpartition(".")[0]} & named)
        for path in glob.glob(os.path.join(TRANSCRIPTS, "attack-*.txt")):
            self.assertIn(os.path.basename(path), named)

    def test_the_list_of_names_is_not_empty(self):
        self.assertGreater(len(list(rows())), 50)
        self.assertGreater(len(self.programs), 200)


if __name__ == "__main__":
    unittest.main()
