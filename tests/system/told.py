# SPDX-License-Identifier: GPL-3.0-or-later
"""told.py - every event that any test saw, against the schema that is shipped.

A test leaves a few events of each shape in the folder GATE_TOLD; the runner
judges them when all tests have run.
"""

import collections
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "..", "..", "config",
                      "imapward-events.schema.json")
EACH = 4  # events of one shape and one test


def shape(event):
    return (event.get("event.action"), event.get("event.outcome"),
            *sorted(event))


def leave(test, audit):
    """Called by a test that is over: what its gate has written."""
    folder = os.environ.get("GATE_TOLD")
    if not folder:
        return
    seen = collections.Counter()
    with open(os.path.join(folder, test), "a") as f:
        for line in audit.splitlines(keepends=True):
            if not line.startswith('{"@timestamp"') or line[-1] != "\n":
                continue
            try:
                kind = shape(json.loads(line))
            except ValueError:
                kind = line
            seen[kind] += 1
            if seen[kind] <= EACH:
                f.write(line)


def schema():
    with open(SCHEMA) as f:
        return json.load(f)


def faults(validator, line):
    try:
        event = json.loads(line)
    except ValueError as e:
        return ["no JSON: %s" % e]
    return ["%s: %s" % (".".join(map(str, e.path)) or "event", e.message)
            for e in validator.iter_errors(event)]


def judge(folder, all_of_them):
    """(title, what is wrong with it) ...; all_of_them: is no event unseen?"""
    try:
        from jsonschema import Draft202012Validator as Validator
    except ImportError:
        yield ("events fit the schema",
               "python3-jsonschema is not installed; run: scripts/setup check")
        return
    rules = schema()
    Validator.check_schema(rules)
    validator = Validator(rules)
    unseen = set(rules["properties"]["event.action"]["enum"])
    bad = []
    for test in sorted(os.listdir(folder)):
        with open(os.path.join(folder, test)) as f:
            for line in f:
                wrong = faults(validator, line)
                if wrong:
                    bad.append("%s: %s\n%s" % (test, "; ".join(wrong), line))
                else:
                    unseen.discard(json.loads(line)["event.action"])
    yield "events fit the schema", "\n".join(bad[:20])
    if all_of_them:
        yield ("every event is produced by a test",
               " ".join(sorted(unseen)) and
               "never seen: " + " ".join(sorted(unseen)))
