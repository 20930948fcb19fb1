# test: closed-stdout
import sys

sys.stderr.write("loud")
for _ in range(10000):
    print("nobody reads this")
