#!/usr/bin/env python3
"""Runs each of `programs/` cold and warm and compares: ending, stdout and stderr, byte for byte.

    python3 tests/warm/driver.py --python /usr/bin/python3 [--measure] [NAME...]

A program's first lines may say how it is run, each as `# test: WORD`:
  closed-stdout   nobody reads its output
  random          two warm runs must not print the same (and cold and warm are not compared)
  NAME=value      a variable; {place} in it is its directory
`NAME.stdin` is its input; what is in `NAME.files/` lies beside it, and `NAME.user/` with its user's
packages. What cannot be made the same is in `KNOWN`, and nowhere else; addresses are blotted out.
Needs root: it makes PID namespaces, and cgroups where it may.
"""
import argparse
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import checks
import figures
from launcher import Zygote, check_report, collect, encode_order, ordinary_steps

PROGRAMS = Path(__file__).resolve().parent / "programs"
LIMITS = {resource.RLIMIT_CORE: (0, 0), resource.RLIMIT_NOFILE: (256, 512)}
UMASK = 0o027

# Where the kernel puts a program is random anyway. Identifiers of threads are addresses in decimal.
ADDRESSES = re.compile(rb"0x[0-9a-f]{6,}|\b1[34]\d{13}\b")

# Lines that differ and why, for each program. They are left out of the comparison, and a program in
# here that does not differ is a failure too: the list must not outlive its reasons.
KNOWN = {
    "collector": (
        r"^(counts|collections)",
        "the zygote collects and freezes what there is before it forks: gc's counters show it",
    ),
    "mappings": (
        r"_(ctypes|socket|struct)\b|libffi",
        "libraries that the zygote has loaded stay mapped",
    ),
}


class Place:
    """The one path that programs are at, cold and warm."""

    def __init__(self, root, python):
        self.directory = Path(root) / "execution"
        self.script = self.directory / "main.py"

        self.python = python

    def user_site(self):
        """Where this Python looks for packages of a user whose home is the place."""
        code = "import site; print(site.getusersitepackages())"
        environment = {**os.environ, "HOME": str(self.directory)}
        return subprocess.check_output([self.python, "-c", code], env=environment, text=True).strip()

    def prepare(self, program):
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        shutil.copyfile(program, self.script)
        beside = program.with_suffix(".files")
        if beside.is_dir():
            shutil.copytree(beside, self.directory, dirs_exist_ok=True)
        packages = program.with_suffix(".user")
        if packages.is_dir():
            shutil.copytree(packages, self.user_site())

    def environment(self, more=()):
        base = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_CTYPE": "C.UTF-8"}
        return {**base, **dict(more)}


def directives(program):
    head = program.read_bytes()[:400].decode("latin-1")
    return set(re.findall(r"^(?:\xef\xbb\xbf)?# test: (\S+)$", head, re.M))


class Streams:
    """The three descriptors of a run, and our ends of the pipes."""

    def __init__(self, program, words):
        self.stdin = os.memfd_create("stdin")
        given = program.with_suffix(".stdin")
        if given.exists():
            os.write(self.stdin, given.read_bytes())
            os.lseek(self.stdin, 0, os.SEEK_SET)
        self.out, self.stdout = os.pipe()
        self.err, self.stderr = os.pipe()
        if "closed-stdout" in words:
            os.close(self.out)
            self.out = os.open(os.devnull, os.O_RDONLY)

    def theirs(self):
        return [self.stdin, self.stdout, self.stderr]

    def started(self):
        for descriptor in self.theirs():
            os.close(descriptor)

    def finish(self, pid):
        try:
            return collect(pid, self.out, self.err)
        finally:
            os.close(self.out)
            os.close(self.err)


def set_limits():
    for limit, values in LIMITS.items():
        resource.setrlimit(limit, values)


def run_cold(python, place, program, environment):
    words = directives(program)
    place.prepare(program)
    streams = Streams(program, words)
    child = subprocess.Popen(
        [python, str(place.script)], env=environment, cwd=place.directory, umask=UMASK,
        start_new_session=True, preexec_fn=set_limits,
        stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr,
    )  # fmt: skip
    streams.started()
    result = streams.finish(child.pid)
    child.returncode = result[0]  # It is reaped: not for `subprocess` to wait for.
    return result


def run_warm(zygote, place, program, environment, namespace=None, cgroup=None):
    words = directives(program)
    place.prepare(program)
    streams = Streams(program, words)
    descriptors, positions = streams.theirs(), {}
    for name, descriptor in (("namespace", namespace), ("cgroup", cgroup)):
        if descriptor is not None:
            positions[name] = len(descriptors)
            descriptors.append(descriptor)
    steps = ordinary_steps(place.directory, LIMITS, UMASK)
    order = encode_order(steps, environment, len(descriptors), **positions)
    pid, report = zygote.order(order, descriptors)
    streams.started()
    try:
        check_report(report)
    finally:
        result = streams.finish(pid)
    return result


def describe(status):
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit {os.WEXITSTATUS(status)}"


def without(pattern, text):
    return b"".join(
        line for line in text.splitlines(True) if not re.search(pattern, line.decode("latin-1"))
    )


def difference(program, cold, warm):
    """What is different, in lines; known differences are left out."""
    pattern, _ = KNOWN.get(program.stem, (None, None))
    found = []
    if cold[0] != warm[0]:
        found.append(f"  ended: cold {describe(cold[0])}, warm {describe(warm[0])}")
    for name, one, other in zip(("stdout", "stderr"), cold[1:], warm[1:]):
        one, other = ADDRESSES.sub(b"0x", one), ADDRESSES.sub(b"0x", other)
        if pattern:
            one, other = without(pattern, one), without(pattern, other)
        if one != other:
            ours, theirs = one.splitlines(), other.splitlines()
            found += [f"  {name}: cold {line!r}" for line in ours if line not in theirs][:10]
            found += [f"  {name}: warm {line!r}" for line in theirs if line not in ours][:10]
            found = found or [f"  {name}: the order of lines"]
    if pattern and cold[1:] == warm[1:]:
        found.append("  is in KNOWN, and there is no difference")
    return found


def compare(python, place, programs, namespace):
    """Runs every program; gives the number of those that differ."""
    differing = 0
    for unbuffered in ({"PYTHONUNBUFFERED": "1"}, {}):
        zygote = Zygote([python, str(place.script)], place.environment(unbuffered))
        for program in programs:
            words = directives(program)
            environment = place.environment({**unbuffered, "ASKED": "for ä = 1"})
            variables = (word.partition("=") for word in words if "=" in word)
            environment.update(
                (name, value.format(place=place.directory)) for name, _, value in variables
            )
            cold = run_cold(python, place, program, environment)
            warm = run_warm(zygote, place, program, environment)
            inside = run_warm(zygote, place, program, environment, namespace)
            if "random" in words:
                found = [] if warm[0] == 0 and len({cold[1], warm[1], inside[1]}) == 3 else [
                    f"  not three different texts: {cold}, {warm}, {inside}"
                ]
            else:
                found = difference(program, cold, warm)
                found += [f"{line} (in a PID namespace)" for line in difference(program, cold, inside)]
            if found:
                differing += 1
                print(f"{program.stem}, {unbuffered or 'buffered'}:", *found, sep="\n")
        ended = zygote.close()
        if ended != (0, b"", b""):
            differing += 1
            print(f"the zygote ended with {ended}")
    return differing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    programs = sorted(PROGRAMS.glob("*.py"))
    if asked.names:
        programs = [program for program in programs if program.stem in asked.names]
    with tempfile.TemporaryDirectory() as root, checks.pid_namespace() as namespace:
        place = Place(os.path.realpath(root), asked.python)
        failures = compare(asked.python, place, programs, namespace)
        if not asked.names:
            failures += checks.run_all(asked.python, place, namespace)
        if asked.measure:
            figures.measure(asked.python, place)
    print(f"{len(programs)} programs, {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
