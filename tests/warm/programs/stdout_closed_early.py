# test: closed-stdout
print("nobody reads this")
