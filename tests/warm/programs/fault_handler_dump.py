import faulthandler, re, sys, os
read, write = os.pipe()
faulthandler.dump_traceback(write)
os.close(write)
print(re.sub("0x[0-9a-f]+", "0x", open(read).read()))
