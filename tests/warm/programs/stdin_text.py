import sys
print(sys.stdin.read().splitlines())
print(repr(sys.stdin.read()), sys.stdin.isatty(), sys.stdin.seekable(), sys.stdin.tell())
