import sys
for number, line in enumerate(sys.stdin):
    if number % 5000 == 0:
        print(number, line, end="")
print(number)
