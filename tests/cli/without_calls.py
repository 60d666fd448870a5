"""Runs a program as on a kernel that lacks something: without_calls.py landlock,seccomp -- COMMAND...

The calls fail with ENOSYS, by a filter of system calls that the program and its children inherit.
"""
import ctypes
import os
import platform
import struct
import sys

# By machine: landlock_create_ruleset, seccomp, prctl.
NUMBERS = {"x86_64": (444, 317, 157), "aarch64": (444, 277, 167)}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, NOT_THERE = 0x7fff0000, 0x00050000 | 38


def known():
    return platform.machine() in NUMBERS


def program(lacking):
    """Each refused call is one jump to the end; prctl is refused for setting filters alone."""
    landlock, seccomp, prctl = NUMBERS[platform.machine()]
    lines = [(LOAD, 0, 0, 0)]
    if "landlock" in lacking:
        lines += [(IF_EQUAL, 0, 1, landlock), (RETURN, 0, 0, NOT_THERE)]
    if "seccomp" in lacking:
        lines += [(IF_EQUAL, 0, 1, seccomp), (RETURN, 0, 0, NOT_THERE),
                  (IF_EQUAL, 0, 3, prctl), (LOAD, 0, 0, 16), (IF_EQUAL, 0, 1, PR_SET_SECCOMP), (RETURN, 0, 0, NOT_THERE)]
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def lose(lacking):
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program(lacking))
    filter_of_calls = struct.pack("HxxxxxxP", (len(code) - 1) // 8, ctypes.addressof(code))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(PR_SET_SECCOMP, 2, filter_of_calls, 0, 0) != 0:
        sys.exit("without_calls: cannot set the filter: " + os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    lose(sys.argv[1].split(","))
    command = sys.argv[sys.argv.index("--") + 1:]
    os.execvp(command[0], command)
