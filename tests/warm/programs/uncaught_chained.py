class Own(Exception):
    """With a cause, a context and a note."""


def fail():
    try:
        try:
            int("x")
        except ValueError as error:
            raise KeyError("second") from error
    except KeyError:
        raise Own("third", 3)


fail()
