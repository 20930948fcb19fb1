import atexit, sys
print(atexit._ncallbacks())
atexit.register(print, "second")
atexit.register(print, "first")
atexit.register(lambda: 1 / 0)
print("end")
