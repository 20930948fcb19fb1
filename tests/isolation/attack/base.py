"""Tries everything that a program should not be able to do, and says what it could.

Reads what there is to attack as JSON from standard input, and writes a JSON object to
$RINGBACK_RESULT: for each check "yes" if the attack succeeded, "no" if it was refused, and
"not visible" if there was nothing to attack. Knows nothing of isolation levels: what is expected
stands in table.rs. Leaves everything as it was, as far as it could change it.

One program in several files, which the test puts one after the other: this one has what all of
them use.
"""

import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import subprocess
import sys

FACTS = json.load(sys.stdin)
CHECKS = {}
LIBC = ctypes.CDLL(None, use_errno=True)
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ESRCH}

# Numbers of calls that the C library has no function for: the tables of the kernel.
CALLS = {
    "x86_64": {"add_key": 248, "bpf": 321, "userfaultfd": 323, "perf_event_open": 298},
    "aarch64": {"add_key": 217, "bpf": 280, "userfaultfd": 282, "perf_event_open": 241},
}[platform.machine()]
IO_URING_SETUP = 425


class NotVisible(Exception):
    """There is nothing to attack."""


def check(function):
    CHECKS[function.__name__] = function
    return function


def call(function, *arguments):
    """Calls into the C library; an error is an exception."""
    result = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def in_a_child(act):
    """Does what would change this process for good in a copy of it."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code) if code > 0 else f"signal {-code}")


