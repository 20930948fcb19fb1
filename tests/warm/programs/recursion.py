import sys


def deeper(depth):
    return deeper(depth + 1)


try:
    deeper(0)
except RecursionError as error:
    print(error)
reached = 0


def count():
    global reached
    reached += 1
    count()


try:
    count()
except RecursionError:
    print(reached)
count()
