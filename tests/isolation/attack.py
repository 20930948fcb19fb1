"""Tries everything that a program should not be able to do, and says what it could.

Reads what there is to attack as JSON from standard input, and writes a JSON object to
$RINGBACK_RESULT: for each check "yes" if the attack succeeded, "no" if it was refused, and
"not visible" if there was nothing to attack. Knows nothing of isolation levels: what is expected
stands in table.rs. Leaves everything as it was, as far as it could change it.
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


# --- files ---------------------------------------------------------------------------------------


def read(path):
    with open(path, "rb") as file:
        file.read(1)


@check
def read_a_secret():
    read(FACTS["outside"] + "/secret")


@check
def read_a_public_file():
    read(FACTS["outside"] + "/public")


@check
def list_a_directory():
    os.listdir(FACTS["outside"])


@check
def see_a_files_size_and_times():
    os.stat(FACTS["outside"] + "/public")


@check
def write_a_new_file():
    path = FACTS["outside"] + "/open/new"
    with open(path, "w"):
        os.unlink(path)


@check
def write_to_an_own_file():
    with open(FACTS["outside"] + "/own", "a"):
        pass


@check
def change_the_mode_of_an_own_file():
    os.chmod(FACTS["outside"] + "/own", 0o666)


@check
def change_the_times_of_an_own_file():
    os.utime(FACTS["outside"] + "/own", (1, 1))


@check
def list_var_lib():
    os.listdir("/var/lib")


@check
def read_the_database():
    read(FACTS["data_dir"] + "/ringback.db")


@check
def read_the_key_of_secrets():
    read(FACTS["data_dir"] + "/secrets.key")


@check
def write_to_the_data_directory():
    path = FACTS["data_dir"] + "/new"
    with open(path, "w"):
        os.unlink(path)


@check
def list_other_executions():
    found = os.listdir(os.path.dirname(FACTS["other_directory"]))
    if not any(entry in FACTS["other_directory"] for entry in found):
        raise NotVisible


@check
def read_the_code_of_another_execution():
    read(FACTS["other_directory"] + "/main.sh")


@check
def write_to_another_execution():
    path = FACTS["other_directory"] + "/work/new"
    with open(path, "w"):
        os.unlink(path)


@check
def change_the_mode_of_another_execution():
    os.chmod(FACTS["other_directory"], 0o700)


# --- processes -----------------------------------------------------------------------------------


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def seen(who):
    """The process that carries these words in its command line, as this program numbers it."""
    # The machine's own number first: words alone may be those of somebody like it.
    for pid in [FACTS[who]["pid"], *processes()]:
        if pid != os.getpid() and FACTS[who]["words"] in command_of(pid):
            return pid
    raise NotVisible


def targets(who):
    """Its number here if it is seen, and the machine's number, which may be somebody else's."""
    numbers = []
    try:
        numbers.append(seen(who))
    except NotVisible:
        if FACTS[who]["pid"] not in processes():
            numbers.append(FACTS[who]["pid"])
    return numbers


def attack_each(who, act):
    last = NotVisible()
    for pid in targets(who):
        try:
            return act(pid)
        except OSError as error:
            last = error
    raise last


def wake(pid):
    # Harmless to what is not stopped, and allowed only to those who may also kill.
    os.kill(pid, signal.SIGCONT)


def trace(pid):
    seize, detach = 0x4206, 17
    call(LIBC.ptrace, seize, pid, None, None)
    # It has not been stopped, so that there is nothing to go on from.
    LIBC.ptrace(detach, pid, None, None)


def read_environment(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        if not file.read():
            raise PermissionError(errno.EACCES, "an empty environment")


def open_memory(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as file:
        start = next(file).split("-")[0]
    with open(f"/proc/{pid}/mem", "rb") as file:
        file.seek(int(start, 16))
        file.read(1)


def enter_its_root(pid):
    os.listdir(f"/proc/{pid}/root/")


def against(who, name):
    """The attacks on one process, each a check of its own."""
    attacks = {
        "see": lambda: seen(who),
        "signal": lambda: attack_each(who, wake),
        "trace": lambda: in_a_child(lambda: raise_nothing_as_esrch(who, trace)),
        "read_the_environment_of": lambda: attack_each(who, read_environment),
        "read_the_memory_of": lambda: attack_each(who, open_memory),
        "pass_through_the_root_of": lambda: attack_each(who, enter_its_root),
    }
    for attack, act in attacks.items():
        CHECKS[f"{attack}_{name}"] = act


def raise_nothing_as_esrch(who, act):
    try:
        attack_each(who, act)
    except NotVisible:
        raise ProcessLookupError(errno.ESRCH, "not visible") from None


against("server", "the_server")
against("launcher", "the_launcher")
against("other", "another_execution")
against("stranger", "a_process_of_the_same_user")


# --- the network ---------------------------------------------------------------------------------


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(5)
        stream.connect(address)
        if stream.recv(5) != b"hello":
            raise ConnectionError(errno.EPROTO, "somebody else")


@check
def reach_a_tcp_listener():
    connect(socket.AF_INET, ("127.0.0.1", FACTS["tcp"]))


@check
def reach_the_servers_own_port():
    with socket.create_connection(("127.0.0.1", FACTS["server_port"]), 5) as stream:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        if not stream.recv(4).startswith(b"HTTP"):
            raise ConnectionError(errno.EPROTO, "somebody else")


@check
def reach_tcp_with_the_first_packet():
    # TCP Fast Open connects without connect(2).
    with socket.socket() as stream:
        stream.sendto(b"x", 0x20000000, ("127.0.0.1", FACTS["tcp"]))


@check
def listen_on_tcp():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()


@check
def send_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", FACTS["udp"]))


@check
def open_a_netlink_socket():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()


@check
def open_a_raw_socket():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


@check
def open_a_packet_socket():
    socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()


@check
def reach_an_abstract_socket():
    connect(socket.AF_UNIX, "\0" + FACTS["abstract"])


@check
def reach_a_socket_with_a_path():
    # As a container engine's is one.
    connect(socket.AF_UNIX, FACTS["outside"] + "/engine.sock")


@check
def send_a_datagram_to_a_path():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", FACTS["outside"] + "/log.sock")


@check
def send_from_half_of_a_pair_to_a_path():
    half, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with half, other:
        half.sendmsg([b"x"], [], 0, FACTS["outside"] + "/log.sock")


# --- rights and the kernel -----------------------------------------------------------------------


def status(pid, field):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        return next(line.split()[1:] for line in file if line.startswith(field + ":"))


@check
def have_capabilities():
    for field in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        if int(status("self", field)[0], 16):
            return
    raise PermissionError(errno.EPERM, "none")


@check
def be_root():
    ids = status("self", "Uid") + status("self", "Gid") + status("self", "Groups")
    if "0" not in ids:
        raise PermissionError(errno.EPERM, "nobody of importance")


@check
def become_root_by_a_setuid_binary():
    # `passwd` is root's on every distribution; with a wrong argument it only complains.
    passwd = subprocess.Popen(["/usr/bin/passwd", "--no-such-option"], stderr=subprocess.DEVNULL)
    os.waitid(os.P_PID, passwd.pid, os.WEXITED | os.WNOWAIT)
    effective = status(passwd.pid, "Uid")[1]
    passwd.wait()
    if effective != "0":
        raise PermissionError(errno.EPERM, "still nobody of importance")


@check
def make_a_user_namespace():
    in_a_child(lambda: call(LIBC.unshare, 0x10000000))


@check
def mount_a_file_system():
    here = os.getcwd().encode()
    in_a_child(lambda: call(LIBC.mount, b"x", here, b"tmpfs", 0, None))
    call(LIBC.umount2, here, 0)


@check
def change_the_root():
    in_a_child(lambda: os.chroot("/usr"))


@check
def name_the_machine():
    name = platform.node().encode()
    call(LIBC.sethostname, name, len(name))


@check
def use_io_uring():
    os.close(call(LIBC.syscall, IO_URING_SETUP, 1, ctypes.create_string_buffer(120)))


@check
def use_keyrings():
    process_keyring = -2
    call(LIBC.syscall, CALLS["add_key"], b"user", b"ringback", b"x", 1, process_keyring)


@check
def use_userfaultfd():
    user_mode_only = 1
    os.close(call(LIBC.syscall, CALLS["userfaultfd"], user_mode_only))


@check
def use_bpf():
    # BPF_MAP_CREATE of an array with one element of eight bytes.
    attributes = (ctypes.c_uint32 * 18)(2, 4, 8, 1)
    os.close(call(LIBC.syscall, CALLS["bpf"], 0, attributes, ctypes.sizeof(attributes)))


@check
def use_performance_counters():
    # A software clock of this process, without the kernel's part.
    attributes = (ctypes.c_uint32 * 28)(1, 112)
    attributes[10] = 0b1100000
    os.close(call(LIBC.syscall, CALLS["perf_event_open"], attributes, 0, -1, -1, 0))


@check
def raise_its_limits():
    more = [limit * 2 for limit in resource.getrlimit(resource.RLIMIT_NOFILE)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, more)
    except ValueError:
        raise PermissionError(errno.EPERM, "not allowed to raise maximum limit") from None


@check
def leave_its_cgroup():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        places = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
    if not places:
        raise NotVisible
    with open(places[0] + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write("0")


# --- using things up -----------------------------------------------------------------------------


def gate(at):
    """Blocks until the other end is closed."""
    os.read(at, 1)


@check
def fork_300_times():
    closed, held = os.pipe()
    children = []
    try:
        for _ in range(300):
            child = os.fork()
            if child == 0:
                os.close(held)
                gate(closed)
                os._exit(0)
            children.append(child)
    finally:
        os.close(held)
        for child in children:
            os.waitpid(child, 0)


def fill(directory):
    path, chunk = directory + "/filler", bytes(4 << 20)
    try:
        with open(path, "wb", buffering=0) as file:
            for _ in range(FACTS["fill_bytes"] // len(chunk)):
                if file.write(chunk) < len(chunk):
                    raise OSError(errno.ENOSPC, "cut short")
    finally:
        if os.path.exists(path):
            os.unlink(path)


@check
def fill_tmp():
    fill("/tmp")


@check
def fill_its_own_directory():
    fill(os.getcwd())


@check
def fill_shared_memory():
    fill("/dev/shm")


@check
def leave_shared_memory_behind():
    # Whether it is still there afterwards is looked at from outside.
    call(LIBC.shmget, FACTS["shm_key"], 4096, 0o1600)


def outcome(act):
    try:
        act()
        return "yes"
    except NotVisible:
        return "not visible"
    except OSError as error:
        return "not visible" if error.errno in NOT_THERE else "no"


with open(os.environ["RINGBACK_RESULT"], "w", encoding="utf-8") as file:
    json.dump({name: outcome(act) for name, act in CHECKS.items()}, file)
