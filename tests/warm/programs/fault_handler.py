import faulthandler, os, sys
print(faulthandler.is_enabled())
faulthandler.enable()
sys.stdout.flush()
faulthandler._sigsegv()
