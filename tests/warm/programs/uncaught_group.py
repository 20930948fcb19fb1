import sys

if sys.version_info >= (3, 11):
    error = ExceptionGroup("several", [ValueError(1), TypeError(2)])
    error.add_note("a note")
    raise error
raise SystemError("no groups here")
