print("customised by the user")
