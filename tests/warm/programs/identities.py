import sys
print(id(None) == id(None), sys.getrefcount(object()), sys.intern("a") is "a".strip(), hash(1.5), hash((1, 2)))
print(type(sys.stdin), sys.maxsize, sys.float_info, sys.thread_info)
