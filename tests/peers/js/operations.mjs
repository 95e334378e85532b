// Plays a scenario (../operations.json) through the AWS SDK for JavaScript: node operations.mjs ENDPOINT SCENARIO.
import { readFileSync } from "node:fs";
import * as sdk from "@aws-sdk/client-sfn";

const PATIENCE = 30_000;
const [endpoint, scenario] = process.argv.slice(2);
const client = new sdk.SFNClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  // StartSyncExecution and TestState would go to sync-HOST, which has no address.
  disableHostPrefix: true,
});

const at = (value, path) => path.split(".").reduce((found, part) => found?.[part], value);
const answers = {};

function filled(value) {
  if (typeof value === "string") return value.replace(/\$\{(\w+)\.([^}]+)\}/g, (_, name, path) => at(answers[name], path));
  if (Array.isArray(value)) return value.map(filled);
  if (value === null || typeof value !== "object") return value;
  const { json } = value;
  if (json !== undefined) return JSON.stringify(filled(json));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
}

const fits = (answer, wanted) => Object.entries(wanted ?? {}).every(([path, value]) => at(answer, path) === filled(value));

for (const step of JSON.parse(readFileSync(scenario, "utf8"))) {
  const end = Date.now() + PATIENCE;
  let answer;
  do {
    answer = await client.send(new sdk[`${step.op}Command`](filled(step.with)));
  } while (!fits(answer, step.until) && Date.now() < end && (await new Promise((done) => setTimeout(done, 50, true))));
  if (!fits(answer, { ...step.until, ...step.expect })) {
    throw new Error(`${step.op} answered ${JSON.stringify(answer)}; expected ${JSON.stringify({ ...step.until, ...step.expect })}`);
  }
  if (step.as) answers[step.as] = answer;
  console.log(step.op);
}
