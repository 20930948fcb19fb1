"""The launcher's part of the conversation with a zygote, in Python: starts it, writes orders, reaps.

For the test beside it. The format is described at the top of the zygote's own file.
"""
import os
import select
import signal
import socket
import struct
import subprocess

ZYGOTE = os.path.realpath(
    os.path.join(os.path.dirname(__file__), "../../src/process/launcher/zygote")
)
X86 = os.uname().machine == "x86_64"
# System calls by name: x86_64, and the generic numbers of aarch64.
NUMBERS = {
    name: (x86 if X86 else generic)
    for name, x86, generic in [
        ("dup3", 292, 24), ("chdir", 80, 49), ("umask", 95, 166), ("setsid", 112, 157),
        ("prctl", 157, 167), ("prlimit64", 302, 261), ("close_range", 436, 436), ("close", 3, 57),
        ("openat", 257, 56), ("write", 1, 64), ("getpid", 39, 172),
    ]
}  # fmt: skip
PR_SET_PDEATHSIG = 1
REPORT = 3  # What the report descriptor is called in a child.
AT_FDCWD = -100
FORKED, REFUSED = 253, 254


class Data(bytes):
    """An argument that points to these bytes."""


class Received(int):
    """An argument that is the descriptor at this position of the order."""


class Back(int):
    """An argument that is the result of the step that many before."""


def encode_order(steps, environment, report, namespace=-1, cgroup=-1):
    """The bytes of an order; `report` is the place of the last descriptor. A step is a label, a name, and up to six arguments."""
    packed, data, patches = b"", b"", b""
    base = 64 * len(steps)
    for position, (label, name, *arguments) in enumerate(steps):
        words, late, back = [NUMBERS[name]], 0, 0
        for number, argument in enumerate(arguments, 1):
            at = 64 * position + 8 * number
            if isinstance(argument, Data):
                patches += struct.pack("<IIQ", at, 0, base + len(data))
                data += argument + bytes(-len(argument) % 8)
            elif isinstance(argument, Received):
                patches += struct.pack("<IIQ", at, 1, argument)
            elif isinstance(argument, Back):
                late, back = number, argument
            else:
                words.append(argument & (1 << 64) - 1)
                continue
            words.append(0)
        words += [0] * (7 - len(words))
        packed += struct.pack("<7Q3B5x", *words, label, late, back)
    block = b"".join(os.fsencode(f"{name}={value}") + b"\0" for name, value in environment.items())
    counts = len(steps), len(patches) // 16, len(data), len(block)
    header = struct.pack("<I3i4I", 1, namespace, cgroup, report, *counts)
    return header + packed + data + patches + block


def ordinary_steps(directory, limits, umask):
    """What is done to every program: descriptors are stdin, stdout, stderr, report."""
    return [
        (1, "setsid"),
        (2, "prctl", PR_SET_PDEATHSIG, signal.SIGKILL),
        *((3, "dup3", Received(number), number, 0) for number in range(3)),
        (4, "close_range", REPORT + 1, 0xFFFFFFFF, 0),
        *(
            (5, "prlimit64", 0, limit, Data(struct.pack("<QQ", soft, hard)), 0)
            for limit, (soft, hard) in limits.items()
        ),
        (6, "umask", umask),
        (7, "chdir", Data(os.fsencode(directory) + b"\0")),
        (8, "close", REPORT),
    ]


class Refused(Exception):
    """The zygote did not fork: why, or "Success" when it said nothing."""


class StepFailed(Exception):
    """The child ended before its program: label and errno."""


class Zygote:
    """A running zygote, and what it is told."""

    def __init__(self, command, environment, preload=""):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket = ours
        environment = dict(environment)
        environment.update(PYTHONPATH=ZYGOTE, RINGBACK_ZYGOTE_FD=str(theirs.fileno()))
        if preload:
            environment["RINGBACK_ZYGOTE_PRELOAD"] = preload
        stdin = os.memfd_create("empty")
        self.process = subprocess.Popen(
            command, env=environment, stdin=stdin, pass_fds=[theirs.fileno()], start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(stdin)
        theirs.close()
        message = ours.recv(65536)
        if message[:1] != b"\3":
            raise RuntimeError(f"the zygote did not start: {self.process.communicate()}")
        self.ready = message[1:].decode()

    def order(self, message, descriptors):
        """Gives the pid of the child, and the descriptor of its report."""
        report, theirs = os.pipe()
        try:
            socket.send_fds(self.socket, [message], [*descriptors, theirs])
        finally:
            os.close(theirs)
        answer = os.read(report, 5)
        kind, value = struct.unpack("<Bi", answer) if answer else (REFUSED, 0)
        if kind != FORKED:
            os.close(report)
            raise Refused(os.strerror(value))
        return value, report

    def close(self):
        """Ends it by closing the socket; gives what it has written."""
        self.socket.close()
        written = self.process.communicate(timeout=10)
        return self.process.returncode, *written


def check_report(report):
    """Waits until the program starts; raises when a step failed."""
    told = os.read(report, 5)
    os.close(report)
    if told:
        label, code = struct.unpack("<Bi", told)
        raise StepFailed(label, os.strerror(code))


def collect(pid, out, err):
    """Reads both pipes to their ends and reaps: the wait status, stdout and stderr."""
    kept = {out: b"", err: b""}
    poll = select.poll()
    for pipe in kept:
        poll.register(pipe, select.POLLIN)
    open_pipes = 2
    while open_pipes:
        for pipe, _ in poll.poll():
            piece = os.read(pipe, 65536)
            kept[pipe] += piece
            if not piece:
                poll.unregister(pipe)
                open_pipes -= 1
    _, status, _ = os.wait4(pid, 0)
    return status, kept[out], kept[err]
