# Processes: the server, the launcher, another execution, and a stranger of the same user.


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


