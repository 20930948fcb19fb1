def outer(depth):
    def inner(value):
        return {"a": value}["b"]

    return inner(depth) if depth == 3 else outer(depth + 1)


class Thing:
    def __init__(self):
        self.value = [outer(0) for _ in range(1)]


Thing()
