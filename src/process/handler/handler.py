"""Makes a client's `Handler` and calls its `handle_async` once.

The server puts two lines behind this text: `RARELY`, which is the text of `rarely.py`, and `begin(...)`
with the client's code. It runs the whole as the program of an execution, so that a handler starts, runs
and ends as a script does, cold or warm. The payload is what comes on standard input.

What became of the call goes into the file $RINGBACK_RESULT, and nowhere else, as JSON:
  {"returned": {...}}  `handle_async` has returned this; null if it has returned nothing
  "too_long"           it has, but this has more bytes than are taken
  {"raised": "..."}    it has not, for this reason: the last line of an exception, or a sentence of ours
None of these in the file says that the program ended before.

Every call pays for each line here, which Python compiles each time, and for each import. What a good call
can do without is in `rarely.py`.
"""
import atexit
import os
import sys

try:
    # `json` itself takes longer to import than all else that a short call needs.
    from _json import encode_basestring, make_encoder, make_scanner
except ImportError:  # Another Python than C's.
    encode_basestring = make_encoder = make_scanner = None

DEPTH_MAX = 100  # The server reads no JSON that is nested much deeper.


class Flaw(Exception):
    """A failure of which there is nothing to show but a sentence of ours."""


class Metrics:
    """Every method may be called and does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: None


class Lines:
    """What tracebacks and `inspect` ask for the lines of the client's code."""

    def __init__(self, code):
        self.code = code

    def get_source(self, _name):
        return self.code


class Answer:
    """What became of the call. It is written at once, and again at the end if the file is another one by
    then: whatever else the client's code does with that file, the answer counts."""

    def __init__(self):
        self.path, self.pid, self.text = os.environ["RINGBACK_RESULT"], os.getpid(), None
        atexit.register(self.hold)  # The first to come is the last to be called.

    def give(self, text):
        self.text, self.file = text, None
        self.hold()

    def hold(self):
        # A fork that came back from the handler has nothing to say.
        if self.text is None or os.getpid() != self.pid or self.file and self.file == self.look():
            return
        try:
            self.put()
        except OSError:
            rarely("put_anyway")(self)
        self.file = self.look()

    def put(self):
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.fchmod(file, 0o600)  # Whatever the umask is by now.
        rest = self.text
        while rest:
            rest = rest[os.write(file, rest) :]
        os.close(file)

    def look(self):
        try:
            found = os.lstat(self.path)
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


class Rules:
    """How JSON is read: as `json` does by default, but without its extensions."""

    strict, parse_float, parse_int = True, float, int
    object_hook = object_pairs_hook = array_hook = None

    def parse_constant(name):
        raise ValueError(f"{name} is not JSON")


class Narrow(Rules):
    """The same, for what the server is to read without loss."""

    def parse_int(digits):
        number = int(digits)
        if -(1 << 63) <= number < 1 << 64:
            return number
        raise ValueError(digits)


def begin(name, code, config, kind, request_id, bytes_max):
    """Calls the handler, if this is the program itself. To a process that `multiprocessing` starts anew
    it only gives the client's module, as that one would find its own in a script."""
    if name != "__main__":
        import_code(code)
        return
    answer = Answer()
    try:
        returned = written(call(code, config, kind, request_id))
        if len(returned) > bytes_max:
            answer.give(b'"too_long"')
        else:
            answer.give(b'{"returned":%s}' % returned)
    except BaseException as raised:
        problem = raised
    else:
        return
    rarely("fail")(problem, answer, code)


def call(code, config, kind, request_id):
    """What the handler returns, which is a dict, or None: one that sends its callback itself need not
    return what it has sent."""
    payload = read(kind)
    made = vars(import_code(code)).get("Handler")
    if not isinstance(made, type):
        raise Flaw("The code has no class `Handler`.")
    if not callable(getattr(made, "handle_async", None)):
        raise Flaw("The class `Handler` has no method `handle_async`.")
    arguments, named = (), {}
    if made.__init__ is not object.__init__ or made.__new__ is not object.__new__:
        offered = {"config": parsed(config), "metrics_client": Metrics()}
        arguments, named = fitting(made, made.__init__, 1, offered)
    handle = made(*arguments, **named).handle_async
    offered = {"payload": payload, "request_id": request_id}
    function = getattr(handle, "__func__", None)
    arguments, named = fitting(handle, function or handle, 1 if function else 0, offered)
    returned = handle(*arguments, **named)
    if hasattr(type(returned), "__await__"):
        returned = rarely("run")(returned)
    if returned is not None and not isinstance(returned, dict):
        raise Flaw(f"`handle_async` returned a value of type {type(returned).__name__}, not a dict.")
    return returned


def import_code(code):
    """Runs the client's code as the module `handler`."""
    module = sys.modules["handler"] = type(sys)("handler")
    module.__file__, module.__loader__ = "handler.py", Lines(code)
    module.__spec__ = type(sys.__spec__)("handler", module.__loader__, origin="handler.py")
    exec(compile(code, "handler.py", "exec", 0, True), vars(module))
    return module


def read(kind):
    """The payload, from standard input, which is empty afterwards."""
    payload = sys.stdin.buffer.read()
    try:
        if kind == "bytes":
            import binascii

            return binascii.a2b_base64(payload)
        payload = payload.decode()
        return payload if kind == "text" else parsed(payload)
    except Exception as problem:
        flaw = Flaw(f"The payload is not {'base64' if kind == 'bytes' else 'JSON'}: {problem}.")
    raise flaw


def parsed(text, rules=Rules):
    """What this JSON says."""
    try:
        value, end = make_scanner(rules)(text, len(text) - len(text.lstrip(" \t\n\r")))
        if not text[end:].strip(" \t\n\r"):
            return value
    except Exception:
        pass  # `json` has the words. Without it, the scanner does not even find its own exception.
    return rarely("parse")(text, rules)


def fitting(target, function, bound, offered):
    """What of `offered` is handed to `target`, by place and by name: what `function`, which is behind it,
    declares after so many arguments that are bound already."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    if code is None or isinstance(target, type) and target.__new__ is not object.__new__:
        by_place, declared, takes_all, defaults = rarely("ask_inspect")(target, offered)
    else:
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        by_place = names[bound : code.co_posonlyargcount]
        declared = names[max(bound, code.co_posonlyargcount) :]
        takes_all = code.co_flags & 0x08  # CO_VARKEYWORDS
        values = function.__defaults__ or ()
        defaults = dict(zip(names[code.co_argcount - len(values) :], values))
    arguments = []
    for name in by_place:
        if name not in offered and name not in defaults:
            break  # Python has its own words for one that is missing.
        arguments.append(offered[name] if name in offered else defaults[name])
    named = [name for name in offered if name in declared or takes_all and name not in by_place]
    return arguments, {name: offered[name] for name in named}


def written(value):
    """The value as JSON. If that reads back as the same, it is what JSON can hold."""
    try:
        encode = make_encoder(None, None, encode_basestring, None, ":", ",", False, False, False)
        text = "".join(encode(value, 0))
        if text.count("{") + text.count("[") <= DEPTH_MAX and parsed(text, Narrow) == value:
            return text.encode()
    except Exception:
        pass
    return rarely("write")(value)


def rarely(name):
    """A function of `rarely.py`."""
    if name not in globals():
        # Python forgets `__file__` before it calls what is registered for its end.
        exec(compile(RARELY, rarely.__code__.co_filename, "exec", 0, True), globals())
    return globals()[name]
