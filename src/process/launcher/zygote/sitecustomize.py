"""A warm Python: one initialised interpreter that forks a child for each execution.

CPython imports `sitecustomize` when it has set itself up and has not yet looked at its script. There
this file waits for orders. For each it forks; the parent stays in the import for ever, the child
returns from it, and CPython goes on with its ordinary start: to the program, its tracebacks, its exit
code and its threads, nothing is different from `python3 main.py`. The file knows no policy: what a
child does to itself before it starts is a list of system calls that the launcher sends along.

Started as `python3 SCRIPT` with a clean signal state, an empty memfd as fd 0, pipes as 1 and 2, and
  PYTHONPATH               the directory of this file and nothing else; taken out of `sys.path` again
  RINGBACK_ZYGOTE_FD       the number of a seqpacket socket; end of file on it ends the zygote, which
                           has moved it to 3
  RINGBACK_ZYGOTE_PRELOAD  modules to import beforehand, "json,re"; may be missing
beside the variables that interpreter and libc read at their start (PYTHON*, LANG, LC_*, LD_*,
MALLOC_*, GLIBC_*): with an order that differs from the zygote in one of those, the launcher goes cold,
as with -I, -E or -S in the command, which keep this file from being imported. Its HOME has no packages.

An order is one message of up to 1 MiB, little endian, with the descriptors of the execution as SCM_RIGHTS:
  header       u32 version = 1, i32 pid namespace, i32 cgroup, i32 report: positions among the
               descriptors, -1 for the first two if there is none; then u32 step count, u32 patch
               count, u32 bytes of data, u32 bytes of environment
  step (64)    u64 system call, 6 x u64 argument, u8 label, u8 late, u8 back, 5 zero bytes. With `late`
               1..6, that argument is the result of the step that many (`back`) before this one
  data         whatever the system calls point to
  patch (16)   u32 at, u32 kind, u64 value: the u64 at that offset into steps and data becomes
               kind 0: the address of steps and data + value; kind 1: the number of descriptor `value`
  environment  NAME=value, each with a NUL after it: the whole environment of the program
The pid namespace is a pidfd of its init or a namespace descriptor. The zygote itself must not be pid 1
of its own, for an init cannot have children for its parent.

In the child the report descriptor has become 3, in place of the socket, and all others are above it.
So the steps may close 4 and up at once, and end with closing 3. Steps that change the user id must set
PR_SET_DUMPABLE again, which an exec would have done. On the report's other end comes, u8 and i32 each:
  254, errno   there is no child; after ENOSYS or EPERM there never will be one
  253, pid     from the child, before anything else: its pid as the zygote's own PID namespace has it.
               It is its parent's: who started the zygote waits for it
  label, errno a step has failed, and the child exits with 127. Label 0 marks a step that may fail,
               255 is the zygote's own: what the order held made no sense
End of file says, after a pid, that the program starts; before one, that nothing of it ever will: not
even a zygote that is killed leaves a doubt whether a program has run.

All children of a zygote have its hash seed and its addresses in common, and the state of what is
preloaded: `random` is seeded anew in each, a generator of other modules is not.

On its socket the zygote says only that it is ready: u8 3, then the version of Python as text, and a
line for each module that did not load.
"""
import sys

_before = set(sys.modules)
import _ctypes
import _socket
import _struct
import errno
import gc
import io
import os
import site
import time

# What a cold start would not have: out of sight at once, ours by the names above only. Whoever imports
# one of them later, here or in a child, gets it from its loader as ever.
for _name in set(sys.modules) - _before:
    del sys.modules[_name]

ORDER_BYTES_MAX = 1 << 20
DESCRIPTORS_MAX = 253  # SCM_MAX_FD of the kernel
HEADER, STEP, PATCH = _struct.Struct("<I3i4I"), _struct.Struct("<7Q3B5x"), _struct.Struct("<IIQ")
WORD, ANSWER = _struct.Struct("<Q"), _struct.Struct("<Bi")
READY, FORKED, REFUSED, SENSELESS = b"\3", 253, 254, 255
GATE = 3  # Where the socket is, and in a child the report.

# Of linux/sched.h, linux/prctl.h and asm-generic/unistd.h. System calls as young as clone3 have one
# number everywhere; set_robust_list, whose neighbour is get_robust_list, has not.
CLONE_PARENT, CLONE_NEWPID, CLONE_INTO_CGROUP = 0x8000, 0x20000000, 0x200000000
CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID = 0x200000, 0x1000000
SYS_CLONE3, SYS_SET_ROBUST_LIST = 435, {"x86_64": 273, "aarch64": 99}.get(os.uname().machine)
PR_SET_MM, PR_SET_MM_MAP, PR_GET_TID_ADDRESS = 35, 14, 40


class Long(_ctypes._SimpleCData):
    _type_ = "l"


class Function(_ctypes.CFuncPtr):
    """A C function of longs. Keeps the GIL, as whoever forks must."""

    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = Long


def c_function(name, arguments):
    function = Function(_ctypes.dlsym(_ctypes.dlopen(None, 0), name))
    function.argtypes = (Long,) * arguments
    return function


def address_of(buffer):
    return _ctypes.addressof(Long.from_buffer(buffer))


def checked(result):
    if result == -1:
        raise OSError(_ctypes.get_errno(), "refused")
    return result


syscall, prctl, setns = c_function("syscall", 7), c_function("prctl", 5), c_function("setns", 2)
sbrk, clearenv = c_function("sbrk", 1), c_function("clearenv", 0)
before_fork, after_fork_parent, after_fork_child = (
    c_function(name, 0)
    for name in ("PyOS_BeforeFork", "PyOS_AfterFork_Parent", "PyOS_AfterFork_Child")
)


class Forker:
    """Forks without libc: into a cgroup, into a PID namespace, and for this process's own parent."""

    def __init__(self):
        self.own_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        # Where libc keeps the thread id, and the list of robust mutexes: its own fork sees to both.
        word = bytearray(16)
        checked(prctl(PR_GET_TID_ADDRESS, address_of(word), 0, 0, 0))
        self.tid_address = WORD.unpack_from(word)[0]
        if SYS_SET_ROBUST_LIST:
            at = address_of(word)
            checked(syscall(SYS_SET_ROBUST_LIST + 1, 0, at, at + 8, 0, 0, 0))
            self.robust_list = _struct.unpack("<QQ", word)

    def fork(self, namespace, cgroup):
        """Gives 0 in the child. `OSError` when the kernel refuses."""
        flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID
        flags |= 0 if cgroup is None else CLONE_INTO_CGROUP
        # struct clone_args. The exit signal is left out: with CLONE_PARENT it is the zygote's own.
        arguments = bytearray(88)
        _struct.pack_into("<3Q", arguments, 0, flags, 0, self.tid_address)
        WORD.pack_into(arguments, 80, cgroup or 0)
        address = address_of(arguments)
        if namespace is not None:
            checked(setns(namespace, CLONE_NEWPID))
        before_fork()
        pid = syscall(SYS_CLONE3, address, len(arguments), 0, 0, 0, 0)
        if pid == 0:
            after_fork_child()
            if SYS_SET_ROBUST_LIST:
                syscall(SYS_SET_ROBUST_LIST, *self.robust_list, 0, 0, 0, 0)
            return 0
        code = _ctypes.get_errno()
        after_fork_parent()
        if namespace is not None and setns(self.own_namespace, CLONE_NEWPID) == -1:
            os._exit(1)  # Every later child would be born into this one's namespace.
        if pid == -1:
            raise OSError(code, "clone3")
        return pid


class Order:
    """What is to become of one child, in a buffer that is wiped before the next one comes.

    The environment stays in that buffer until the child reads it: Python objects made of it before
    the fork would leave secrets of one execution in the memory of the next.
    """

    def __init__(self):
        self.buffer = bytearray(ORDER_BYTES_MAX)
        self.view = memoryview(self.buffer)
        self.size, self.descriptors = 0, ()

    def receive(self, connection):
        """Waits for an order; false when there will be none."""
        room = _socket.CMSG_SPACE(4 * DESCRIPTORS_MAX)
        self.size, rights, self.flags, _ = connection.recvmsg_into([self.buffer], room)
        self.descriptors = memoryview(b"".join(data for _, _, data in rights)).cast("i").tolist()
        return self.size > 0

    def parse(self):
        self.report = None
        if self.flags & (_socket.MSG_TRUNC | _socket.MSG_CTRUNC):
            raise OSError(errno.EMSGSIZE, "an order that is too long")
        version, *positions, steps, patches, data, environment = HEADER.unpack_from(self.buffer)
        self.namespace, self.cgroup, self.report = (
            None if position < 0 else self.descriptors[position] for position in positions
        )
        lengths = HEADER.size, STEP.size * steps, data, PATCH.size * patches, environment
        if version != 1 or sum(lengths) != self.size or self.report is None:
            raise OSError(errno.EINVAL, "an order of another version")
        body, end = HEADER.size, HEADER.size + STEP.size * steps
        self.steps = self.view[body:end]
        self.environment = self.view[self.size - environment : self.size]
        address = address_of(self.buffer) + body
        for at, kind, value in PATCH.iter_unpack(self.view[end + data : self.size - environment]):
            word = self.descriptors[value] if kind else address + value
            WORD.pack_into(self.buffer, body + at, word)

    def refuse(self, code):
        if self.report is not None:
            try:
                os.write(self.report, ANSWER.pack(REFUSED, code))
            except OSError:
                pass  # Nobody waits for this program any more.

    def forget(self):
        self.buffer[: self.size] = bytes(self.size)
        for descriptor in self.descriptors:
            os.close(descriptor)


def own_memory_map():
    """This process's struct prctl_mm_map up to the environment, but for the current break."""
    with open("/proc/self/stat", "rb") as stat:
        # Numbered from 1 in proc_pid_stat(5); the third follows the name in parentheses.
        fields = [None] * 3 + stat.read().rpartition(b")")[2].split()
    return [int(fields[number]) for number in (26, 27, 45, 46, 47, 47, 28, 48, 49)]


def replace_environment(block, memory_map):
    """Makes it the environment of Python, of libc, and of /proc/self/environ."""
    timezone = os.environ.get("TZ")
    variables = os.environ._data  # The dictionary of os.environb and posix.environ, too.
    variables.clear()
    clearenv()
    for variable in bytes(block).split(b"\0"):
        name, equals, value = variable.partition(b"=")
        if equals:
            variables[name] = value
            os.putenv(name, value)
    if os.environ.get("TZ") != timezone:
        time.tzset()
    # For other processes to see. Where the kernel refuses, they see the zygote's.
    kept = bytearray(block) + b"\0"
    _ctypes.Py_INCREF(kept)
    memory_map[5] = sbrk(0)
    start = address_of(kept)
    packed = bytearray(_struct.pack("<12QIi", *memory_map, start, start + len(block), 0, 0, -1))
    prctl(PR_SET_MM, PR_SET_MM_MAP, address_of(packed), len(packed), 0)


def run(steps):
    """Makes the system calls; gives the label of the one that failed."""
    results = []
    for *call, label, late, back in STEP.iter_unpack(steps):
        if late:
            call[late] = results[-back]
        results.append(syscall(*call))
        if results[-1] == -1 and label:  # Label 0: something that the program can do without.
            return label
    return None


def find_user_site():
    """Looks for the user's packages again: the home is another one, and so may the disk be."""
    site.USER_BASE = site.USER_SITE = None
    if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()):
        # They come before the system's.
        system = [sys.path.index(path) for path in site.getsitepackages() if path in sys.path]
        rest = min(system, default=len(sys.path))
        after = sys.path[rest:]
        del sys.path[rest:]
        site.addusersitepackages(None)
        sys.path += after


def import_hidden():
    """Imports the sitecustomize that this one hides; gives what that raises."""
    here = os.path.dirname(__file__)
    sys.path[:] = [path for path in sys.path if path != here]
    sys.path_importer_cache.pop(here, None)
    del sys.modules["sitecustomize"]
    try:
        import sitecustomize
    except Exception as problem:  # An ImportError, usually: there is none.
        return problem.with_traceback(None)


def preload(names):
    for name in filter(None, names.split(",")):
        try:
            __import__(name)
        except Exception as problem:
            yield f"{name}: {type(problem).__name__}: {problem}"


def warm_up():
    """Touches once what every child would be the first to touch."""
    with io.TextIOWrapper(io.BytesIO()) as nowhere:
        exec(compile("print(1, file=nowhere)", "<warm>", "exec"), {"nowhere": nowhere})


def serve(connection):
    """Forks for each order. Returns in the children only, when all is as the order says."""
    forker, order, memory_map = Forker(), Order(), own_memory_map()
    while order.receive(connection):
        try:
            order.parse()
            pid = forker.fork(order.namespace, order.cgroup)
        except OSError as problem:
            order.refuse(problem.errno)
        except (_struct.error, IndexError):
            order.refuse(errno.EINVAL)
        else:
            if pid == 0:
                connection.detach()  # Its number is the report's from now on.
                become(order, memory_map)
                return
        order.forget()
    os._exit(0)


def become(order, memory_map):
    """Turns the child into what the order says, or ends it: a child that is not confined as ordered
    must not reach its program."""
    failed, code = SENSELESS, errno.EINVAL
    try:
        os.dup2(order.report, GATE, False)
        os.write(GATE, ANSWER.pack(FORKED, int(os.readlink("/proc/self"))))
        replace_environment(order.environment, memory_map)
        failed = run(order.steps)
        code = _ctypes.get_errno()
    finally:
        if failed is not None:
            try:
                os.write(GATE, ANSWER.pack(failed, code))
            finally:
                os._exit(127)


def live(given):
    """Is the zygote; returns in a child, with what the hidden sitecustomize raised."""
    if given != GATE:
        os.dup2(given, GATE, False)
        os.close(given)
    connection = _socket.socket(fileno=GATE)
    names = os.environ.pop("RINGBACK_ZYGOTE_PRELOAD", "")
    del os.environ["PYTHONPATH"]
    raised = import_hidden()
    ready = ["%d.%d.%d" % sys.version_info[:3], *preload(names)]
    warm_up()
    gc.collect()
    gc.freeze()
    connection.send(READY + "\n".join(ready).encode())
    serve(connection)
    return raised


def thaw(one):
    """Makes one object known to the garbage collector again, which has everything else frozen."""
    c_function("PyObject_GC_UnTrack", 1)(id(one))
    c_function("PyObject_GC_Track", 1)(id(one))


def leave(raised):
    """The last that there is of this file in a child."""
    find_user_site()
    if "threading" in sys.modules:  # It was preloaded, and forgets this after a fork.
        sys.modules["threading"].main_thread()._set_native_id()
    # To thaw all costs a third of a short run, in the collections at its end. But the names of the
    # program have to be torn down then, with their __del__.
    thaw(sys.modules["__main__"])
    thaw(vars(sys.modules["__main__"]))
    globals().clear()
    try:
        if raised:
            raise raised  # `site` knows what to do with it.
    finally:
        del raised  # Or it would hold this frame, which holds it.


try:
    _raised = live(int(os.environ.pop("RINGBACK_ZYGOTE_FD")))
except ConnectionError:
    os._exit(0)  # The launcher has gone.
except BaseException:
    # Not out of the import: the zygote itself would go on to the script.
    sys.excepthook(*sys.exc_info())
    os._exit(70)
leave(_raised)
