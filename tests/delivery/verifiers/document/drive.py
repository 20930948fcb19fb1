"""Hands requests to the code that docs/verify.md has for Python.

Usage: drive.py < cases.json
Expects verify.py and library.py beside itself. Prints a line for each case: verified or refused.
"""

import base64
import json
import sys
from pathlib import Path

from standardwebhooks import WebhookVerificationError
from verify import verify, verify_hopx

LIBRARY = compile(Path(__file__).with_name("library.py").read_text(), "library.py", "exec")


def by_library(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        exec(LIBRARY, {"secret": secret, "headers": headers, "body": body})
    except WebhookVerificationError:
        return False
    return True


BY = {"standard": verify, "hopx": verify_hopx, "library": by_library}

for case in json.load(sys.stdin):
    body = base64.b64decode(case["body"])
    verified = BY[case["by"]](case["secret"], case["headers"], body)
    print("verified" if verified else "refused")
