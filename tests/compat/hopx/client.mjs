// Has HopX's published JavaScript client do what it is told, a line of JSON for each step.
//
// Usage: node client.mjs PACKAGE.JSON
// The client is the one beside PACKAGE.JSON. Steps and answers are those of client.py, and so are the
// names: what Python has as keywords, this client has in its own spelling in an object behind the first
// argument.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { Sandbox } = createRequire(process.argv[2])("@hopx-ai/sdk");

const inOrder = {
  connect: ["sandbox_id", "api_key", "base_url"],
  health_check: ["base_url"],
  kill_process: ["process_id"],
};
const onTheClass = new Set(["connect", "health_check"]);

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function positional(name, values) {
  if (inOrder[name]) return inOrder[name].map((argument) => values[argument]);
  const { code, ...options } = values;
  const spelt = Object.entries(options).map(([option, value]) => [camel(option), value]);
  return code === undefined ? [] : [code, Object.fromEntries(spelt)];
}

const tell = (kind, value) => console.log("@" + JSON.stringify({ [kind]: value ?? null }));

const bases = (error) => {
  const names = [];
  for (let at = error; at?.constructor && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(at.constructor.name);
  }
  return names;
};

let sandbox;
for await (const line of createInterface({ input: process.stdin })) {
  const { call, arguments: values } = JSON.parse(line);
  const target = onTheClass.has(call) ? Sandbox : sandbox;
  try {
    let value = target[camel(call)](...positional(call, values));
    if (value[Symbol.asyncIterator]) {
      for await (const message of value) tell("event", message);
      value = null;
    }
    value = await value;
    if (call === "connect") [sandbox, value] = [value, null];
    tell("value", value);
  } catch (error) {
    const { name, message, code, statusCode } = error;
    tell("error", { class: name, bases: bases(error), message, code, status: statusCode });
  }
}
