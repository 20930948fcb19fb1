import os, subprocess, sys
print(subprocess.run(["sh", "-c", "echo $ASKED $PYTHONPATH $0; exit 3"], capture_output=True))
print(subprocess.check_output(["env"]).decode())
print(subprocess.check_output([sys.executable, "-c", "import sys; print(sys.path, sys.flags)"]))
print(os.system("exit 2"), os.popen("ls -l /proc/self/fd | wc -l").read())
os.environ["ADDED"] = "1"
del os.environ["ASKED"]
print(subprocess.check_output("echo $ADDED; echo $ASKED", shell=True))
subprocess.run(["echo", "inherited stdout"])
