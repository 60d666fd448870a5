"""Each call to the disk fails once, in each way, during each kind of work: the program says so or has survived it,
what was there is there, the archive is whole, and the same command completes afterwards."""
import collections
import os
import unittest

from call_faults import CallFaults
from disk_work import DiskWork
from fault import main, rounds

WRITES = ("write", "pwrite", "writev")
# How each call may fail. EINTR and short writes have to be survived; LMDB takes a short write for an error.
WAYS = {**{call: ("EIO", "ENOSPC", "EINTR", "short") for call in WRITES},
        **{call: ("EIO", "ENOSPC") for call in ("fsync", "fdatasync", "syncfs", "truncate", "allocate")},
        **{call: ("EIO", "ENOSPC") for call in ("rename", "link", "mkdir", "create")},
        "unlink": ("EIO",), "close": ("EIO",), "map": ("ENOMEM",)}
EXIT_CODES = (0, 1, 2, 3, 10, 11, 12, 13)


@unittest.skipIf("DALIL_SANITIZED" in os.environ, "nothing can be loaded before a sanitizer")
class FailingCalls(DiskWork, CallFaults):
    sample = int(os.environ.get("DALIL_CALLS", rounds(8, 100_000)))

    def instances(self, calls):
        counted = collections.Counter(call.split(" ", 1)[0] for call in calls)
        return [self.instance(call, number, way, stays) for call, count in sorted(counted.items())
                for number in range(1, count + 1) for way in WAYS[call]
                for stays in ((False, True) if way in ("EIO", "ENOSPC") else (False,))]

    @staticmethod
    def instance(call, number, way, stays):
        fault = {"DALIL_FAIL_CALL": call, "DALIL_FAIL_AT": str(number), "DALIL_FAIL_HOW": way}
        if stays:
            fault["DALIL_FAIL_STAYS"] = "1"
        return f"{call} {number} {way}{' stays' * stays}", way, fault

    def judge_end(self, result, way, struck, outputs, done, wrong):
        err = result.stderr.decode(errors="replace")
        if result.returncode not in EXIT_CODES:
            wrong("an end that is none")
        told = "dalil: error: " in err or b"INCOMPLETE" in result.stdout
        if result.returncode == 2 and (not told or "defect" in err):
            wrong("no clear error")
        if result.returncode == 0 and not done():
            wrong("it said that all is done, and it is not")
        if way in ("EINTR", "short") and result.returncode != 0 and not (way == "short" and struck.endswith(".mdb")):
            wrong("it should have tried again")
        left = [path for path in outputs if os.path.exists(path)]
        if result.returncode != 0 and left:
            wrong(f"left behind: {left}")


if __name__ == "__main__":
    main()
