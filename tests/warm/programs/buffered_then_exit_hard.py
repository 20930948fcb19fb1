import os, sys
print("perhaps lost", end="")
sys.stderr.write("complained")
os._exit(5)
