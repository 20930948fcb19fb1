"""Has HopX's published Python client do what it is told, a line of JSON for each step.

Usage: client.py Sandbox|AsyncSandbox
Reads {"call": METHOD, "arguments": {…}} from standard input. `connect` and `health_check` are asked of
the class, all else of the sandbox that is connected to. Prints lines that begin with "@": {"event": …}
for each message of a stream, and then {"value": …} or {"error": …}.
"""

import asyncio
import inspect
import json
import sys

import hopx_ai

ON_THE_CLASS = {"connect", "health_check"}


def tell(kind, value):
    print("@" + json.dumps({kind: value}, default=plain), flush=True)


def plain(value):
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else vars(value)


def told(error):
    return {
        "class": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": getattr(error, "message", str(error)),
        "code": getattr(error, "code", None),
        "status": getattr(error, "status_code", None),
    }


async def main():
    client = getattr(hopx_ai, sys.argv[1])
    sandbox = None
    for line in sys.stdin:
        step = json.loads(line)
        name = step["call"]
        method = getattr(client if name in ON_THE_CLASS else sandbox, name)
        try:
            value = method(**step["arguments"])
            if inspect.isasyncgen(value):
                async for message in value:
                    tell("event", message)
                value = None
            elif inspect.isawaitable(value):
                value = await value
            if name == "connect":
                sandbox, value = value, None
        except Exception as error:
            tell("error", told(error))
        else:
            tell("value", value)


asyncio.run(main())
