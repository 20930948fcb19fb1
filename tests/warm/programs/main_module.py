import sys
import __main__
print(__name__, __file__, __spec__, __loader__.__class__, __builtins__, __doc__, __package__)
print(getattr(__loader__, "path", None), __cached__ if "__cached__" in globals() else "no cached")
print(__main__ is sys.modules["__main__"], sorted(vars(__main__)), sorted(globals()), sorted(locals()))
print(vars(__main__)["__annotations__"] if "__annotations__" in vars(__main__) else "none")
