"""A receiver's check of X-HopX-Signature, written from HopX's description alone.

Usage: WEBHOOK_SECRET=... hopx_verify.py HEADER_VALUE < raw_body
Prints "verified" and exits 0, or prints "refused" and exits 1.
"""

import hashlib
import hmac
import os
import sys


def verify(secret: str, body: bytes, header_value: str) -> bool:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = header_value.removeprefix("sha256=")
    return hmac.compare_digest(expected.encode(), given.encode())


if __name__ == "__main__":
    verified = verify(os.environ["WEBHOOK_SECRET"], sys.stdin.buffer.read(), sys.argv[1])
    print("verified" if verified else "refused")
    sys.exit(0 if verified else 1)
