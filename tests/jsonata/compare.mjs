// Evaluates expressions with the JSONata that Step Functions has (npm's jsonata 2.0.6) and with the engine's, and compares.
//
//   node compare.mjs PROGRAM        PROGRAM is the example `jsonata` of crates/asl
//
// Values are compared as JSON, errors by code and text. Fails where an answer differs that differences.json does not name
// with its reason, and where one agrees that it does.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import jsonata from "jsonata";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const { input, groups } = read("expressions.json");
const known = read("differences.json");
const expressions = Object.values(groups).flat();

/** What the language's own implementation answers, in the form of the engine's answers. */
async function reference(expression) {
  try {
    const value = await jsonata(expression).evaluate(undefined, { states: { input } });
    if (value === undefined) return { error: "returned nothing (undefined)." };
    if (typeof value === "function" || value?._jsonata_lambda || value?._jsonata_function) {
      return { error: "returned an unsupported result type." };
    }
    return { value: JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    return { error: error.code ? `${error.code}: ${error.message}` : error.message };
  }
}

/** What the engine answers to every expression. */
function engine(program) {
  const lines = expressions.map((expression) => JSON.stringify({ expression, input }) + "\n");
  const ran = spawnSync(program, { input: lines.join(""), encoding: "utf8", maxBuffer: 1 << 26 });
  if (ran.error || ran.status !== 0) throw ran.error ?? new Error(`${program} failed: ${ran.stderr}`);
  return ran.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

const program = process.argv[2];
if (!program) throw new Error("usage: node compare.mjs PROGRAM");
const answers = engine(program);
let failed = 0;
let agreed = 0;
for (const [index, expression] of expressions.entries()) {
  const [expected, found] = [await reference(expression), answers[index]].map((answer) => JSON.stringify(answer));
  const reason = known[expression];
  if (expected === found) agreed += 1;
  if ((expected === found) !== (reason === undefined)) {
    failed += 1;
    const told = reason ? `agrees now, take it out of differences.json` : `differs\n    jsonata ${expected}\n    engine  ${found}`;
    console.error(`${expression}\n  ${told}`);
  }
}
for (const expression of Object.keys(known).filter((expression) => !expressions.includes(expression))) {
  failed += 1;
  console.error(`${expression}\n  is in differences.json, but not in expressions.json`);
}
console.log(`${agreed} of ${expressions.length} expressions agree, ${Object.keys(known).length} differ for the reasons in differences.json`);
process.exit(failed ? 1 : 0);
