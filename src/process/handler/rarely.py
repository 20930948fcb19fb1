"""What a good call of a handler can do without: the second half of `handler.py`, in whose names it is run
when one of these is wanted.
"""

LINE_MAX = 1000  # Characters of what is said of a failure.


def fail(problem, answer, code):
    """Says why there is no result, and ends the program as Python does after an exception."""
    frames, ours = problem.__traceback__, fail.__code__.co_filename
    while frames and frames.tb_frame.f_code.co_filename == ours:
        frames = frames.tb_next
    problem.__traceback__ = frames
    line = shortened(str(problem) if isinstance(problem, Flaw) else last_line(problem, code), LINE_MAX)
    try:
        answer.give(write({"raised": line.encode("utf-8", "replace").decode()}))
    finally:
        if isinstance(problem, SystemExit):
            raise problem  # Python knows the code.
        show(problem, line)
        raise SystemExit(1)


def last_line(problem, code):
    """The line of a traceback that says what was raised; the first, if that has several."""
    try:
        import linecache
        import traceback

        lines = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        linecache.cache["handler.py"] = len(code), None, [line + "\n" for line in lines], "handler.py"
        said = traceback.format_exception_only(type(problem), problem)
        # What stands before it, where the code is not Python, is indented.
        return next(line for line in said if line[0] != " ").split("\n")[0].rstrip()
    except Exception:
        return type(problem).__name__


def show(problem, line):
    """What Python shows of an exception that nobody has caught."""
    if sys.stderr is None:
        return
    try:
        if isinstance(problem, Flaw):
            print(line, file=sys.stderr)
        elif sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(problem), problem, problem.__traceback__)
        else:
            import traceback

            # Python's own hook would look for the lines of the code on the disk.
            traceback.print_exception(type(problem), problem, problem.__traceback__)
    except Exception:
        pass  # Whatever the client's code has made of stderr.


def shortened(text, longest):
    return text if len(text) <= longest else text[:longest] + "…"


def put_anyway(answer):
    """Writes the answer where the client's code has put something else, or left nothing."""
    try:
        os.makedirs(os.path.dirname(answer.path), exist_ok=True)
        try:
            os.unlink(answer.path)
        except FileNotFoundError:
            pass
        except IsADirectoryError:
            os.rename(answer.path, answer.path + "~")
        answer.put()
    except OSError as problem:
        flaw = Flaw(f"The result cannot be written: {problem}.")
    else:
        return
    raise flaw


def run(awaitable):
    """Runs a coroutine to its end. What it raises is taken before asyncio has added frames of its own."""
    import asyncio

    async def settle():
        try:
            return await awaitable, None, None
        except BaseException as problem:
            return None, problem, problem.__traceback__

    returned, problem, frames = asyncio.run(settle())
    if problem is not None:
        raise problem.with_traceback(frames)
    return returned


def ask_inspect(target, offered):
    """What is declared by something that is no function of Python's. What says nothing of itself gets all
    by name."""
    import inspect

    try:
        declared = inspect.signature(target).parameters.values()
    except ValueError:
        return (), tuple(offered), False, {}
    kinds = inspect.Parameter

    def names(*wanted):
        return [one.name for one in declared if one.kind in wanted]

    defaults = {one.name: one.default for one in declared if one.default is not one.empty}
    by_name = names(kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
    return names(kinds.POSITIONAL_ONLY), by_name, bool(names(kinds.VAR_KEYWORD)), defaults


def parse(text, rules):
    """What this JSON says, or what is wrong with it."""
    import json

    return json.loads(text, parse_int=rules.parse_int, parse_constant=rules.parse_constant)


class Unwritable(Exception):
    """What JSON cannot hold, and the way to it from its end."""

    def __init__(self, what):
        self.what, self.way = what, []


def write(value):
    """The value as JSON, a tuple as a list; or a sentence that says what JSON cannot hold, and where."""
    pieces = []
    try:
        write_one(value, pieces.append, 0)
        return "".join(pieces).encode()
    except UnicodeEncodeError:
        flaw = "a text has half of a surrogate pair, which is no character."
    except Unwritable as problem:
        way = shortened("".join(f"[{part}]" for part in reversed(problem.way)), LINE_MAX // 2)
        flaw = f"{problem.what}." + (f" It is at {way}." if way else "")
    raise Flaw(f"The result cannot be written as JSON: {flaw}")


def write_one(value, put, depth):
    if isinstance(value, str):
        put(quoted(value))
    elif value is None or value is True or value is False:
        put({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        if not -(1 << 63) <= value < 1 << 64:
            raise Unwritable("an int has more than 64 bits")
        put(int.__repr__(value))
    elif isinstance(value, float):
        if value - value != 0:
            raise Unwritable(f"Out of range float values are not JSON compliant: {value}")
        put(float.__repr__(value))
    elif not isinstance(value, (list, tuple, dict)):
        raise Unwritable(f"Object of type {type(value).__name__} is not JSON serializable")
    elif depth == DEPTH_MAX:
        raise Unwritable(f"it is nested more than {DEPTH_MAX} levels deep, or contains itself")
    else:
        write_members(value, put, depth + 1)


def write_members(value, put, depth):
    is_dict = isinstance(value, dict)
    opening, closing = "{}" if is_dict else "[]"
    before = opening
    for key, member in value.items() if is_dict else enumerate(value):
        put(before)
        before = ","
        try:
            if is_dict:
                if not isinstance(key, str):
                    raise Unwritable(f"keys must be str, not {type(key).__name__}")
                put(quoted(key) + ":")
            write_one(member, put, depth)
        except Unwritable as problem:
            problem.way.append(quoted(key) if isinstance(key, str) else repr(key))
            raise
    put(closing if before == "," else opening + closing)


def quoted(text):
    if encode_basestring is not None:
        return encode_basestring(text)
    from json.encoder import encode_basestring as encode

    return encode(text)
