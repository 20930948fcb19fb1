import sys


class Witness:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name, sys is not None and sys.is_finalizing())


first, second = Witness("first"), Witness("second")
cycle = Witness("cycle")
cycle.itself = cycle
del cycle
