print("first")
if True:
    print("""a
b""".encode())
