# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema is the program's, and the runner's look at all events can fail."""

import json
import os
import tempfile

import told
from gate import Case, IMAPWARD, needs_gate

START = {"@timestamp": "2026-11-22T05:30:00.123Z", "ecs.version": "8.17.0",
         "event.kind": "event", "event.category": ["process"],
         "event.type": ["start"], "event.action": "start",
         "event.outcome": "success"}


class Judge(Case):
    def judged(self, *events, all_of_them=False):
        """What the runner would say of these: title -> fault or ""."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a test"), "w") as f:
                f.writelines(json.dumps(e) + "\n" for e in events)
            return dict(told.judge(folder, all_of_them))

    def refused(self, change):
        event = {k: v for k, v in {**START, **change}.items()
                 if v is not None}
        self.assertTrue(self.judged(event)["events fit the schema"], change)

    def test_a_good_event_is_good(self):
        self.assertEqual(self.judged(START), {"events fit the schema": ""})

    def test_an_event_that_is_not_in_the_catalogue_is_refused(self):
        for change in ({"event.action": "begin"}, {"event.outcome": None},
                       {"event.outcome": "good"}, {"event.reason": 1},
                       {"user.name": "alice"}, {"secret": "x"},
                       {"event.category": ["network"]},
                       {"event.category": "process"}, {"event.kind": "alert"},
                       {"@timestamp": "today"}, {"event.reason": "x" * 258},
                       {"event.action": None}):
            with self.subTest(change):
                self.refused(change)

    def test_an_event_that_no_test_saw_is_named(self):
        said = self.judged(START, all_of_them=True)
        unseen = said["every event is produced by a test"].split()
        self.assertIn("login", unseen)
        self.assertNotIn("start", unseen)


@needs_gate
class Printed(Case):
    def printed(self, what):
        return self.succeeds(IMAPWARD, "audit", what).decode()

    def test_the_schema_that_is_shipped_is_the_programs(self):
        self.assertEqual(json.loads(self.printed("schema")), told.schema())

    def test_events_are_listed(self):
        listed = self.printed("events")
        for action in told.schema()["properties"]["event.action"]["enum"]:
            self.assertIn("| `%s` |" % action, listed)

    def test_what_makes_no_sense_is_explained(self):
        for words in ((), ("nothing",), ("schema", "more")):
            done = self.run_program(IMAPWARD, "audit", *words)
            self.assertEqual((done.returncode, done.stdout), (64, b""))
            self.assertIn(b"usage: imapward audit", done.stderr)
