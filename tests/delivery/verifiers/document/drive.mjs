// Hands requests to the code that docs/verify.md has for JavaScript.
//
// Usage: node drive.mjs < cases.json
// Expects verify.mjs and library.mjs beside itself, the latter with its second line made the body
// of a function `library`. Prints a line for each case: verified or refused.

import { readFileSync } from "node:fs";
import { WebhookVerificationError } from "standardwebhooks";
import { library } from "./library.mjs";
import { verify, verifyHopx } from "./verify.mjs";

function byLibrary(secret, headers, body) {
  try {
    library(secret, headers, body);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
  return true;
}

const BY = { standard: verify, hopx: verifyHopx, library: byLibrary };
const standardInput = 0;

for (const { by, secret, headers, body } of JSON.parse(readFileSync(standardInput, "utf8"))) {
  const verified = BY[by](secret, headers, Buffer.from(body, "base64"));
  console.log(verified ? "verified" : "refused");
}
