import sys
for number in range(3):
    print("out", number, end=" ")
    print("err", number, file=sys.stderr)
sys.stdout.buffer.write(b"\xff\xfe")
sys.stdout.write("\u20ac\U0001f600")
