print("never"
value = {1: (2,
