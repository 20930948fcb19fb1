// Hands requests to a verifier that is published on npm.
//
// Usage: node published.mjs PACKAGE.JSON standardwebhooks|svix < cases.json
// The packages are those beside PACKAGE.JSON. Prints a line for each case: verified or refused.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [beside, name] = process.argv.slice(2);
const { Webhook, WebhookVerificationError } = createRequire(beside)(name);

function webhookOf(secret) {
  const isEncoded = secret.startsWith("whsec_");
  return isEncoded ? new Webhook(secret) : new Webhook(Buffer.from(secret), { format: "raw" });
}

const standardInput = 0;

for (const { secret, headers, body } of JSON.parse(readFileSync(standardInput, "utf8"))) {
  try {
    webhookOf(secret).verify(Buffer.from(body, "base64"), headers);
    console.log("verified");
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log("refused");
  }
}
