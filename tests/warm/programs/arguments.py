import sys
print(sys.argv, sys.orig_argv if sys.version_info >= (3, 10) else None, sys.executable, sys.prefix)
