import sys

print("leaving", end="")
sys.exit(None)
