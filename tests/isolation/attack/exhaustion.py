# Using up what others need too, and leaving something behind.


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
    # A name of its own: other attackers are at work in the same directories.
    path, chunk = f"{directory}/filler-{os.urandom(6).hex()}", bytes(4 << 20)
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


