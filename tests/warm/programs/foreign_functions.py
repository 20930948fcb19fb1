import ctypes, ctypes.util, os, struct, socket, gc
libc = ctypes.CDLL(None, use_errno=True)
libc.getenv.restype = ctypes.c_char_p
print(libc.getenv(b"ASKED"), libc.getenv(b"PYTHONPATH"), libc.getpid() == os.getpid())
print(libc.close(-1), os.strerror(ctypes.get_errno()))


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
def compare(one, other):
    return one[0] - other[0]


numbers = (ctypes.c_int * 5)(5, 3, 4, 1, 2)
libc.qsort(numbers, 5, 4, compare)
print(list(numbers), struct.calcsize("<7Q3B5x"), ctypes.sizeof(ctypes.c_long))


class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_char * 4)]


print(bytes(Pair(1, b"xy")), ctypes.pythonapi.Py_IsInitialized())
left, right = socket.socketpair()
left.sendall(b"through")
print(right.recv(10), gc.isenabled(), gc.get_threshold(), gc.callbacks, gc.garbage)
