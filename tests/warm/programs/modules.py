import sys
print(list(sys.modules))
print([name for name in sys.modules if sys.modules[name] is None])
