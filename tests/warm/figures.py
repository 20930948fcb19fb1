"""What a warm start costs, beside a cold one in the same run: for reading, not for passing."""
import os
import statistics
import subprocess
import time

from launcher import Zygote, encode_order, ordinary_steps

ROUNDS = 200
SUSTAINED = 1000


class Run:
    """One `print(1)`, from its order to its end."""

    def __init__(self, start):
        self.began = time.perf_counter()
        self.out, stdout = os.pipe()
        self.pid = start(stdout)
        os.close(stdout)

    def finish(self):
        """Microseconds to the first byte, and to the exit."""
        assert os.read(self.out, 1) == b"1"
        first = time.perf_counter()
        os.waitpid(self.pid, 0)
        ended = time.perf_counter()
        os.close(self.out)
        return (first - self.began) * 1e6, (ended - self.began) * 1e6


def sustained(start):
    """Executions per second with two in flight."""
    began = time.perf_counter()
    flying = [Run(start)]
    for _ in range(SUSTAINED - 1):
        flying.append(Run(start))
        flying.pop(0).finish()
    flying.pop().finish()
    return SUSTAINED / (time.perf_counter() - began)


def measure(python, place):
    place.directory.mkdir(exist_ok=True)
    place.script.write_text("print(1)\n")
    command, environment = [python, str(place.script)], place.environment({"PYTHONUNBUFFERED": "1"})
    zygote = Zygote(command, environment)
    null = os.open(os.devnull, os.O_RDWR)
    message = encode_order(ordinary_steps("/", {}, 0o22), environment, 3)

    def warm(stdout):
        pid, report = zygote.order(message, [null, stdout, null])
        os.close(report)
        return pid

    def cold(stdout):
        child = subprocess.Popen(
            command, env=environment, stdin=null, stdout=stdout, stderr=null, cwd="/"
        )
        child.returncode = 0  # Reaped by its number.
        return child.pid

    times = {"cold": [], "warm": []}
    for _ in range(ROUNDS):
        for name, start in (("cold", cold), ("warm", warm)):
            times[name].append(Run(start).finish())
    for name, start in (("cold", cold), ("warm", warm)):
        first, ended = (statistics.median(column) for column in zip(*times[name][1:]))
        rate = sustained(start)
        print(f"{name}: first byte {first:.0f} us, exit {ended:.0f} us, {rate:.0f}/s with 2 in flight")
    zygote.close()
    os.close(null)
