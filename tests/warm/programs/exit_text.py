import sys

print("leaving", end="")
sys.exit('some text')
