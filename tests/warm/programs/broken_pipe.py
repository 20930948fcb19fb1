import os, signal, sys
print(signal.getsignal(signal.SIGPIPE))
read, write = os.pipe()
os.close(read)
try:
    os.write(write, b"x")
except BrokenPipeError as error:
    print(error)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
sys.stdout.flush()
os.write(write, b"x")
