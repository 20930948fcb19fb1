"""What is made up is sent to nobody but the server under test, and half of the time about something that
is there. RINGBACK_KNOWN has what is there: the values of the places in paths, as JSON by operation."""

import itertools
import json
import os

import schemathesis

KNOWN = json.loads(os.environ["RINGBACK_KNOWN"])
# Loopback, where nobody listens.
NOWHERE = "http://127.0.0.1:9/"
URLS = {"callback_url", "url"}
turns = itertools.count()


def tamed(value):
    if isinstance(value, dict):
        return {
            key: NOWHERE if key in URLS and is_url(inner) else tamed(inner)
            for key, inner in value.items()
        }
    return [tamed(inner) for inner in value] if isinstance(value, list) else value


def is_url(value):
    return isinstance(value, str) and value.strip().lower().startswith("http")


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = tamed(case.body)
    for name, value in list((case.headers or {}).items()):
        if name.lower() == "ringback-callback-url" and is_url(value):
            case.headers[name] = NOWHERE
    known = KNOWN.get(case.operation.path)
    # What is removed is not there for the next.
    if known and case.method.upper() != "DELETE" and next(turns) % 2:
        case.path_parameters = {**(case.path_parameters or {}), **known}
