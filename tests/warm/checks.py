"""What the launcher relies on beyond equality: orders that fail, namespaces, cgroups, preloading."""
import contextlib
import errno
import os
import struct
import subprocess
import sys
import traceback
from pathlib import Path

import launcher
from launcher import Back, Data, Refused, StepFailed, Zygote

# Starts what follows in a system that does not know clone3: number 435 gives ENOSYS, the rest works.
WITHOUT_CLONE3 = [sys.executable, "-I", "-S", "-c", """
import ctypes, os, struct, sys
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 435), (0x06, 0, 0, 0x50000 + 38), (0x06, 0, 0, 0x7FFF0000)]
filters = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
kept = ctypes.create_string_buffer(filters)
program = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(kept))
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, program) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""]


@contextlib.contextmanager
def pid_namespace():
    """A pidfd of the init of a new PID namespace. The init is a `cat` that ends with its input."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as helper:
        helper.stdin.write(b"\n")
        helper.stdin.flush()
        helper.stdout.readline()  # It answers, so it runs.
        children = Path(f"/proc/{helper.pid}/task/{helper.pid}/children").read_text()
        init = os.pidfd_open(int(children))
        try:
            yield init
        finally:
            os.close(init)
            helper.stdin.close()


class Bench:
    """One zygote, to which single orders are given."""

    def __init__(self, python, place, namespace, preload="", through=()):
        self.place, self.namespace = place, namespace
        command = [*through, python, str(place.script)]
        self.zygote = Zygote(command, place.environment(), preload)

    def run(self, code, steps=(), environment=None, namespace=None, cgroup=None):
        """Runs code after these steps, and gives status, stdout and stderr."""
        self.place.directory.mkdir(exist_ok=True)
        self.place.script.write_text(code)
        stdin = os.open(os.devnull, os.O_RDONLY)
        out, stdout = os.pipe()
        err, stderr = os.pipe()
        descriptors, positions = [stdin, stdout, stderr], {}
        for name, extra in (("namespace", namespace), ("cgroup", cgroup)):
            if extra is not None:
                positions[name] = len(descriptors)
                descriptors.append(extra)
        ordinary = launcher.ordinary_steps("/", {}, 0o22)
        ordinary[-1:-1] = steps
        environment = self.place.environment() if environment is None else environment
        message = launcher.encode_order(ordinary, environment, len(descriptors), **positions)
        try:
            pid, report = self.zygote.order(message, descriptors)
        except Refused:
            os.close(out), os.close(err)
            raise
        finally:
            for descriptor in (stdin, stdout, stderr):
                os.close(descriptor)
        try:
            launcher.check_report(report)
        finally:
            self.pid, (status, *written) = pid, launcher.collect(pid, out, err)
            self.status = status
            os.close(out), os.close(err)
        return status, *written


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} instead of {expected!r}")


def a_failing_step_is_reported_and_the_program_does_not_run(bench):
    steps = [(77, "chdir", Data(b"/there/is/no/such\0"))]
    try:
        bench.run("print('ran')", steps)
    except StepFailed as failed:
        expect(failed.args, (77, "No such file or directory"))
        expect(os.WEXITSTATUS(bench.status), 127)
    else:
        raise AssertionError("the program ran")


def a_step_can_use_what_an_earlier_one_gave(bench):
    path = bench.place.directory / "written"
    flags = os.O_WRONLY | os.O_CREAT
    steps = [
        (1, "openat", launcher.AT_FDCWD, Data(bytes(path) + b"\0"), flags, 0o600),
        (2, "getpid"),
        (3, "write", Back(2), Data(b"hello"), 5),
        (4, "close", Back(3)),
    ]
    expect(bench.run("print(open(%r).read())" % str(path), steps), (0, b"hello\n", b""))


def an_order_that_makes_no_sense_is_refused_and_the_next_one_runs(bench):
    silence, refusal = "Success", "Invalid argument"
    for nonsense, words in [
        (b"x", refusal),
        (b"\1" * 40, silence),
        (struct.pack("<I3i4I", 1, -1, -1, 0, 9, 9, 9, 9), refusal),
        (struct.pack("<I3i4I", 2, -1, -1, 0, 0, 0, 0, 0), refusal),
    ]:
        try:
            bench.zygote.order(nonsense, [])
        except Refused as refused:
            expect(refused.args, (words,))
        else:
            raise AssertionError("it forked")
    expect(bench.run("print(1)"), (0, b"1\n", b""))


def an_order_may_be_long(bench):
    environment = {f"NAME{number}": "x" * 1000 for number in range(100)}
    code = "import os; print(len(os.environ), sum(map(len, os.environ.values())))"
    expect(bench.run(code, environment=environment), (0, b"100 100000\n", b""))


def a_child_in_a_pid_namespace_is_still_the_launchers(bench):
    code = "import os, threading; print(os.getppid(), os.getpid() == threading.get_native_id() < 1000)"
    expect(bench.run(code, namespace=bench.namespace), (0, b"0 True\n", b""))
    parent = f"{os.getpid()}\n".encode()
    expect(bench.run("import os; print(os.getppid())"), (0, parent, b""))


def a_child_is_born_into_its_cgroup(bench):
    mounts = Path("/proc/mounts").read_text().splitlines()
    root = next((Path(line.split()[1]) for line in mounts if line.split()[2] == "cgroup2"), None)
    if root is None or not os.access(root, os.W_OK):
        print("no cgroup2 that can be written: not tested")
        return
    group = root / f"ringback-warm-{os.getpid()}"
    group.mkdir()
    descriptor = os.open(group, os.O_RDONLY | os.O_DIRECTORY)
    try:
        status, out, _ = bench.run("print(open('/proc/self/cgroup').read())", cgroup=descriptor)
        assert f"0::/{group.name}\n".encode() in out, out
    finally:
        os.close(descriptor)
        group.rmdir()


def nothing_of_one_execution_is_in_the_memory_of_the_next(bench):
    secret = "a-secret-" + os.urandom(8).hex()
    bench.run("import os; os.environ['SECRET']", environment={"SECRET": secret})
    # The pattern matches any such secret, and not itself.
    scan = """
import re
for line in open("/proc/self/maps"):
    start, end, mode = re.match(r"(\\w+)-(\\w+) (....)", line).groups()
    if mode.startswith("rw"):
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(int(start, 16))
            found = re.search(rb"a-secret-[0-9a-f]{16}", memory.read(int(end, 16) - int(start, 16)))
            if found: print("in", line)
"""
    expect(bench.run(scan), (0, b"", b""))
    # The scan does find what is there.
    status, out, _ = bench.run(scan, environment={"SECRET": secret})
    assert (status, out[:2]) == (0, b"in"), (status, out)


def what_is_preloaded_is_there_and_what_fails_is_told(python, place, namespace):
    bench = Bench(python, place, namespace, "json,nothing_such,random")
    version, *failed = bench.zygote.ready.split("\n")
    expect(failed, ["nothing_such: ModuleNotFoundError: No module named 'nothing_such'"])
    code = "import sys; print('json' in sys.modules); import random; print(random.random())"
    texts = [bench.run(code)[1] for _ in range(3)]
    assert all(text.startswith(b"True\n") for text in texts), texts
    expect(len(set(texts)), 3)
    expect(bench.zygote.close(), (0, b"", b""))


def a_system_without_clone3_is_told_apart(python, place, namespace):
    bench = Bench(python, place, namespace, through=WITHOUT_CLONE3)
    try:
        bench.run("print('ran')")
    except Refused as refused:
        expect(refused.args, (os.strerror(errno.ENOSYS),))
    else:
        raise AssertionError("it forked")
    expect(bench.zygote.close(), (0, b"", b""))


def a_launcher_that_goes_ends_its_zygote(python, place, namespace):
    zygote = Zygote([python, str(place.script)], place.environment())
    for _ in range(50):
        zygote.socket.send(b"an answer to this finds nobody")
    expect(zygote.close(), (0, b"", b""))


def a_zygote_that_cannot_be_one_does_not_run_the_script(python, place, namespace):
    place.script.write_text("print('ran')")
    environment = place.environment({"PYTHONPATH": launcher.ZYGOTE, "RINGBACK_ZYGOTE_FD": "77"})
    ended = subprocess.run([python, place.script], env=environment, capture_output=True)
    expect((ended.returncode, ended.stdout), (70, b""))
    assert b"Bad file descriptor" in ended.stderr, ended.stderr


def run_all(python, place, namespace):
    """Gives the number of those that failed."""
    bench = Bench(python, place, namespace)
    own = [
        a_failing_step_is_reported_and_the_program_does_not_run,
        a_step_can_use_what_an_earlier_one_gave,
        an_order_that_makes_no_sense_is_refused_and_the_next_one_runs,
        an_order_may_be_long,
        a_child_in_a_pid_namespace_is_still_the_launchers,
        a_child_is_born_into_its_cgroup,
        nothing_of_one_execution_is_in_the_memory_of_the_next,
    ]
    failures = 0
    for check, arguments in [
        *((check, (bench,)) for check in own),
        (what_is_preloaded_is_there_and_what_fails_is_told, (python, place, namespace)),
        (a_system_without_clone3_is_told_apart, (python, place, namespace)),
        (a_launcher_that_goes_ends_its_zygote, (python, place, namespace)),
        (a_zygote_that_cannot_be_one_does_not_run_the_script, (python, place, namespace)),
    ]:
        try:
            check(*arguments)
        except Exception:
            failures += 1
            print(f"{check.__name__}:\n{traceback.format_exc()}")
    bench.zygote.close()
    return failures
