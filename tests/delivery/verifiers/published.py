"""Hands requests to a verifier that is published on PyPI.

Usage: published.py standardwebhooks|svix < cases.json
Prints a line for each case: verified or refused.
"""

import base64
import importlib
import json
import sys

Webhook = importlib.import_module(sys.argv[1] + ".webhooks").Webhook
WebhookVerificationError = importlib.import_module(sys.argv[1] + ".webhooks").WebhookVerificationError


def webhook_of(secret: str):
    # A text without the prefix would be taken for base64 as well.
    return Webhook(secret if secret.startswith("whsec_") else secret.encode())


for case in json.load(sys.stdin):
    try:
        webhook_of(case["secret"]).verify(base64.b64decode(case["body"]), case["headers"])
        print("verified")
    except WebhookVerificationError:
        print("refused")
