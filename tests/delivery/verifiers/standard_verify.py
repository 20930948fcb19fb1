"""A receiver's check of a Standard Webhooks request, written from the specification alone.

Usage: WEBHOOK_SECRET=... standard_verify.py ID TIMESTAMP SIGNATURE NOW < raw_body
Prints "verified" and exits 0, or prints "refused" and exits 1. NOW is in Unix seconds, so that a
recorded request can be verified.
"""

import base64
import hashlib
import hmac
import os
import sys

TOLERANCE_SECONDS = 300


def key_of(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


def verify(secret: str, headers: tuple[str, str, str], body: bytes, now: int) -> bool:
    message_id, timestamp, signatures = headers
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = f"{message_id}.{int(timestamp)}.".encode() + body
    expected = base64.b64encode(hmac.new(key_of(secret), content, hashlib.sha256).digest())
    for item in signatures.split(" "):
        # An item without a comma is an error here, as it is in the reference library.
        version, signature = item.split(",")
        if version == "v1" and hmac.compare_digest(expected, signature.encode()):
            return True
    return False


if __name__ == "__main__":
    message_id, timestamp, signatures, now = sys.argv[1:]
    headers = (message_id, timestamp, signatures)
    verified = verify(os.environ["WEBHOOK_SECRET"], headers, sys.stdin.buffer.read(), int(now))
    print("verified" if verified else "refused")
    sys.exit(0 if verified else 1)
