def broken():
        pass
    return 1
