"""Runs a command and says what it took."""
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Run:
    wall_s: float
    cpu_s: float        # user and system, with all children that were waited for
    peak_rss_mb: float  # of the largest process
    status: int


def least_peak_mb():
    """What the kernel counts at least: a child begins as this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Failed(Exception):
    pass


def run(command, environment=None, log=None):
    """Through a shell, so that peers can be pipelines. `log` gets standard error."""
    with open(log or os.devnull, "ab") as errors:
        began = time.monotonic()
        process = subprocess.Popen(["bash", "-c", "set -o pipefail; " + command], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode)


def must(command, environment=None, log=None):
    done = run(command, environment, log)
    if done.status != 0:
        raise Failed(f"status {done.status}: {command}" + (f" (see {log})" if log else ""))
    return done


def can_drop_caches():
    return os.geteuid() == 0 and os.access("/proc/sys/vm/drop_caches", os.W_OK)


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as stream:
        stream.write("3\n")


def medians(runs):
    return {"wall_s": median(r.wall_s for r in runs), "cpu_s": median(r.cpu_s for r in runs),
            "peak_rss_mb": max(r.peak_rss_mb for r in runs), "least_peak_mb": least_peak_mb(), "runs": len(runs)}


def ratio(ours, theirs, what):
    """Median, least and greatest of ours/theirs over the pairs of the same round."""
    pairs = [getattr(o, what) / max(getattr(t, what), 1e-4) for o, t in zip(ours, theirs)]
    return {"median": median(pairs), "least": min(pairs), "greatest": max(pairs)}
