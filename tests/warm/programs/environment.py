import os, posix
print(dict(os.environ), list(os.environ), os.environb[b"ASKED"], os.getenv("ASKED"), os.getenv("NOT"))
print(posix.environ is os.environ._data, posix.environ)
print(sorted(open("/proc/self/environ", "rb").read().split(b"\0")))
print(open("/proc/self/cmdline", "rb").read(), open("/proc/self/comm").read())
