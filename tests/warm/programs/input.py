name = input("What is your name? ")
print("Hello", name)
print(int(input()) + 1)
