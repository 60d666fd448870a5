"""SIGKILL before each call to the disk, and after half of each write, during each kind of work. The clock goes to and
fro, so that whatever commits from time to time does so again and again."""
import os
import signal
import unittest

from call_faults import SHIM, CallFaults
from disk_work import DiskWork
from fault import main, rounds

WRITES = ("write", "pwrite", "writev")


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class KilledCalls(DiskWork, CallFaults):
    preload = SHIM + ":" + os.environ["DALIL_FALSE_CLOCK"]
    sample = int(os.environ.get("DALIL_CALLS", rounds(6, 100_000)))

    def setUp(self):
        super().setUp()
        self.env["DALIL_CLOCK_JUMP"] = "1"

    def instances(self, calls):
        return [(f"{call} ({number}) {way}", way,
                 {"DALIL_FAIL_CALL": "any", "DALIL_FAIL_AT": str(number), "DALIL_FAIL_HOW": way})
                for number, call in enumerate(calls, 1)
                for way in (("KILL", "TORN") if call.split(" ", 1)[0] in WRITES else ("KILL",))]

    def judge_end(self, result, way, struck, outputs, done, wrong):
        """Threads may make fewer calls than they did before, and then it comes to its end."""
        if result.returncode not in (0, -signal.SIGKILL):
            wrong("an end that is none")
        if result.returncode == 0 and not done():
            wrong("it said that all is done, and it is not")


if __name__ == "__main__":
    main()
