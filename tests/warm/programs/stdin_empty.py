import sys
print(repr(sys.stdin.read()))
try:
    input("asked: ")
except EOFError as error:
    print(repr(error))
