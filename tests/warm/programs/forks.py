import os, sys
child = os.fork()
if child == 0:
    print("child", os.getppid() != os.getpid(), flush=True)
    sys.exit(7)
pid, status = os.waitpid(child, 0)
print(pid == child, os.WEXITSTATUS(status))
try:
    os.wait()
except ChildProcessError as error:
    print(error)
