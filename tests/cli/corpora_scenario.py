"""Real photos and videos, and files made to break parsers: every one is accounted for, and none ends the run."""
import hashlib
import os
import unittest

from scenario import Scenario, main

CORPORA = os.path.join(os.environ.get("DALIL_SHARED", ""), "corpora")


@unittest.skipUnless(os.path.isdir(CORPORA), "the corpora are not here")
class Corpora(Scenario):
    def test_every_file_is_indexed_with_the_digest_that_other_tools_give(self):
        self.make_archive("disk")
        files = [os.path.join(where, name) for where, _, names in os.walk(CORPORA) for name in names]
        summary = self.dalil("scan", CORPORA, "--volume", "disk", "--json").summary
        self.assertEqual((summary["seen"], summary["indexed"], summary["failed"]), (len(files), len(files), 0))
        digests = set()
        for path in files:
            with open(path, "rb") as file:
                digests.add(hashlib.sha256(file.read()).hexdigest())
        self.assertEqual(summary["new_items"], len(digests))
        found = {one["digest"] for one in self.dalil("find", "--json").of("item")}
        self.assertEqual(found, digests)
        self.dalil("verify", CORPORA, "--volume", "disk", "--sha256")
        self.dalil("check")


if __name__ == "__main__":
    main()
