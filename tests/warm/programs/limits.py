import os, resource, sys
for name in sorted(dir(resource)):
    if name.startswith("RLIMIT_"):
        print(name, resource.getrlimit(getattr(resource, name)))
print(oct(os.umask(0)), os.getcwd(), sys.getrecursionlimit(), os.getpriority(os.PRIO_PROCESS, 0))
print(os.getsid(0) == os.getpid() == os.getpgrp(), os.getuid(), os.getgid(), os.getgroups(), os.sched_getaffinity(0))
print(oct(os.stat(os.open("made", os.O_CREAT)).st_mode))
try:
    sys.set_int_max_str_digits
    print(sys.get_int_max_str_digits())
except AttributeError:
    pass
