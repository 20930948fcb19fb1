# Rights that a program should not have or gain, and doors of the kernel that should be shut.


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
    with open("/proc/self/cgroup", encoding="utf-8") as groups:
        own = next(line[3:].strip() for line in groups if line.startswith("0::"))
    # Its launcher's, its server's, and so on up to the root.
    above = [own.rsplit("/", depth)[0] for depth in range(1, own.count("/") + 1)]
    refused = None
    for group in above:
        try:
            with open(places[0] + group + "/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")
            return
        except OSError as error:
            refused = error
    raise refused
