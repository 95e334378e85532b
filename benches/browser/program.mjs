// What the benches in a browser share: the program on data of its own, its engine's API, Chromium, and figures.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** The release binary; `COUNTERSIGN` names another one. */
const binary = process.env.COUNTERSIGN ?? join(root, "target/release/countersign");
const { chromium } = createRequire(join(root, "end2end/package.json"))("@playwright/test");

const ROLE = "arn:aws:iam::000000000000:role/bench";

async function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** The dashboard with its engine, and nothing deployed. */
export async function start(options = []) {
  const data = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  const [web, engine] = [await freePort(), await freePort()];
  const command = ["serve", "--no-demo", "--listen", `127.0.0.1:${web}`, "--engine-listen", `127.0.0.1:${engine}`, "--data", data, ...options];
  const running = spawn(binary, command, { cwd: root, stdio: ["ignore", "ignore", process.env.LOG ? "inherit" : "ignore"] });
  const url = `http://127.0.0.1:${web}`;
  for (const end = Date.now() + 60_000; ; ) {
    if (running.exitCode !== null) throw new Error("countersign ended");
    if (await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false)) break;
    if (Date.now() > end) throw new Error("countersign does not answer");
    await pause(50);
  }
  const call = async (action, body, service = "AWSStepFunctions") => {
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `${service}.${action}` };
    const answer = await fetch(`http://127.0.0.1:${engine}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    url,
    pid: running.pid,
    call,
    /** Makes a workflow; gives its ARN. */
    machine: async (name, definition) =>
      (await call("CreateStateMachine", { name, roleArn: ROLE, definition: JSON.stringify(definition) })).stateMachineArn,
    /** Starts an execution; gives its ARN and when it began. */
    begin: (stateMachineArn, input = {}, name = undefined) => call("StartExecution", { stateMachineArn, name, input: JSON.stringify(input) }),
    /** Its events, oldest first. */
    async history(executionArn) {
      const events = [];
      for (let nextToken; ; ) {
        const page = await call("GetExecutionHistory", { executionArn, maxResults: 1000, nextToken });
        events.push(...page.events);
        if (!(nextToken = page.nextToken)) return events;
      }
    },
    async ended(executionArn, within = 600_000) {
      for (const end = Date.now() + within; Date.now() < end; await pause(100)) {
        const { status } = await call("DescribeExecution", { executionArn });
        if (status !== "RUNNING") return status;
      }
      throw new Error(`${executionArn} did not end`);
    },
    async stop() {
      const gone = new Promise((done) => running.once("exit", done));
      running.kill("SIGINT");
      const late = setTimeout(() => running.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(late);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A browser, and a page of the size of a desk. */
export async function browse() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info"],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  return { browser, page };
}

/** Opens a page and waits until it updates itself. */
export async function open(page, address) {
  await page.goto(address);
  await page.locator(".live-dot[data-state=live]").waitFor({ state: "attached" });
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** The value that so many of a hundred are at most. */
export function percentile(values, of) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil((of / 100) * sorted.length) - 1)];
}

/** Seconds of processor time that a process has used. */
export function used(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The part of one core that a process uses while `work` lasts, in percent. */
export async function load(pid, work) {
  const [began, before] = [performance.now(), used(pid)];
  await work();
  return ((used(pid) - before) / ((performance.now() - began) / 1000)) * 100;
}

export function report(what, value, unit, more = "") {
  console.log(`${what.padEnd(60)} ${value.toFixed(value < 10 ? 1 : 0).padStart(8)} ${unit}${more ? ` (${more})` : ""}`);
}
