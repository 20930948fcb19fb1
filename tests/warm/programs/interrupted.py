import os, signal
print("before")
os.kill(os.getpid(), signal.SIGINT)
for _ in range(10000000):
    pass
print("not reached")
