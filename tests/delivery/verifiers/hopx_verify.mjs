// A receiver's check of X-HopX-Signature, written from HopX's description alone.
// Like the published sample it throws when the value has another length than one signature.
//
// Usage: WEBHOOK_SECRET=... node hopx_verify.mjs HEADER_VALUE < raw_body
// Prints "verified" and exits 0, or prints "refused" and exits 1.

import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

function verify(secret, body, headerValue) {
  const expected = createHmac("sha256", secret).update(body).digest("hex");
  const given = headerValue.replace(/^sha256=/, "");
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

const standardInput = 0;
const verified = verify(process.env.WEBHOOK_SECRET, readFileSync(standardInput), process.argv[2]);
console.log(verified ? "verified" : "refused");
process.exitCode = verified ? 0 : 1;
