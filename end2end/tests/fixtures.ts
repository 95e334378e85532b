import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Page, test as base, expect } from "@playwright/test";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** The folder of the project. */
export const project = root;
/** The release binary; `COUNTERSIGN` names another one, such as a debug build. */
const program = process.env.COUNTERSIGN || join(root, "target/release/countersign");

/** The program on ports and data of its own. */
class Program {
  readonly data = mkdtempSync(join(tmpdir(), "countersign-"));
  url = "";
  private running?: ChildProcess;
  private log = "";
  private output = "";

  /** Runs it with `options` until `stop`; it is there once `answers` is true. */
  protected async run(options: string[], answers: () => Promise<boolean>): Promise<void> {
    const running = spawn(program, [...options, "--data", this.data], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    running.stdout.on("data", (text) => (this.output += text));
    running.stderr.on("data", (text) => (this.log += text));
    this.running = running;
    for (const end = Date.now() + 30_000; ; ) {
      if (running.exitCode !== null) throw new Error(`countersign ended:\n${this.log}`);
      if (await answers().catch(() => false)) return;
      if (Date.now() > end) throw new Error(`countersign does not answer:\n${this.log}`);
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  /** What it has printed that fits. */
  said(pattern: RegExp): string {
    const found = this.output.match(pattern);
    if (!found) throw new Error(`countersign did not print ${pattern}:\n${this.output}`);
    return found[0];
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    const running = this.running;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((done) => running.once("exit", done));
    running.kill("SIGINT");
    const late = setTimeout(() => running.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }

  remove(): void {
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Calls the Step Functions API of the engine at `url`. */
async function call(url: string, action: string, body: object): Promise<Record<string, string>> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AWSStepFunctions.${action}` };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Makes a workflow and starts it; gives the ARN of its execution. */
async function begin(url: string, name: string, definition: object, input: object = {}): Promise<string> {
  const roleArn = "arn:aws:iam::000000000000:role/test";
  const machine = { name, roleArn, definition: JSON.stringify(definition) };
  const { stateMachineArn } = await call(url, "CreateStateMachine", machine);
  const { executionArn } = await call(url, "StartExecution", { stateMachineArn, input: JSON.stringify(input) });
  return executionArn;
}

/** The dashboard, with an engine inside or over the endpoint of another. */
export class Server extends Program {
  engine = "";

  constructor(private readonly options: string[] = []) {
    super();
  }

  /** Starts it; a second start, after `stop`, is on the same data and address. */
  async start(): Promise<void> {
    this.url ||= `http://127.0.0.1:${await freePort()}`;
    this.engine ||= `127.0.0.1:${await freePort()}`;
    const inside = this.options.includes("--endpoint") ? [] : ["--engine-listen", this.engine];
    // A choice is sent at once, but where a test is about taking it back.
    const undo = this.options.includes("--undo") ? [] : ["--undo", "0"];
    const options = ["serve", "--listen", new URL(this.url).host, ...inside, ...undo, ...this.options];
    await this.run(options, async () => (await fetch(`${this.url}/healthz`)).ok);
  }

  /** Makes a workflow in the engine inside and starts it; gives the ARN of its execution. */
  begin(name: string, definition: object, input?: object): Promise<string> {
    return begin(`http://${this.engine}`, name, definition, input);
  }
}

/** The engine alone. */
export class Engine extends Program {
  async start(): Promise<void> {
    this.url ||= `http://127.0.0.1:${await freePort()}`;
    const options = ["engine", "--listen", new URL(this.url).host, "--functions", join(root, "lambdas/functions.toml")];
    await this.run(options, async () => !!(await call(this.url, "ListStateMachines", {})));
  }

  begin(name: string, definition: object, input?: object): Promise<string> {
    return begin(this.url, name, definition, input);
  }
}

/** A task that asks a person, with `payload` beside its token. */
export function asks(payload: object): object {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
    Parameters: { FunctionName: "request_approval", Payload: { "taskToken.$": "$$.Task.Token", ...payload } },
    TimeoutSeconds: 3_600,
    End: true,
  };
}

export async function freePort(): Promise<number> {
  const isFree = (port: number) =>
    new Promise<boolean>((found) => {
      const probe = createServer();
      probe.once("error", () => found(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => found(true)));
    });
  // Below those that systems give to clients: none takes it before the program does.
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) return port;
  }
}

interface Fixtures {
  /** Whether the demonstration is deployed and started. If so, the counts on a page change by themselves for a while. */
  demonstration: boolean;
  server: Server;
}

export const test = base.extend<Fixtures>({
  demonstration: [true, { option: true }],
  server: async ({ demonstration }, use) => {
    const server = new Server(demonstration ? [] : ["--no-demo"]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
  },
  baseURL: async ({ server }, use) => use(server.url),
  page: async ({ page }, use) => {
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      // A refused connection is what a page meets while the server restarts; the status of a page itself is its test's.
      const from = message.location().url;
      // A page "not found" requests its data once more when scripts start, and gets the same error; 500 is never expected.
      const refused = new URL(from, page.url()).pathname === "/api/read" && /status of 40[04]\b/.test(message.text());
      const ofPage = from === page.url() || refused;
      if (message.type() === "error" && !ofPage && !message.text().includes("ERR_")) faults.push(message.text());
    });
    await use(page);
    expect(faults, "errors in the browser's console").toEqual([]);
  },
});

export { expect };

/** Milliseconds until a workflow on a busy machine counts as stuck. */
export const PATIENCE = 100_000;

/** Opens a page and, if scripts run, waits until it updates itself. */
export async function open(page: Page, path: string, scripts: boolean): Promise<void> {
  await page.goto(path);
  await ready(page, scripts);
}

/** Waits until the page updates itself, if scripts run. */
export async function ready(page: Page, scripts: boolean): Promise<void> {
  if (scripts) await expect(page.locator(".live-dot[data-state=live]")).toBeAttached();
}

/** Repeats until `condition` holds; without scripts it reloads the page, because that does not update itself. */
export async function eventually(page: Page, scripts: boolean, condition: (soon: typeof expect) => Promise<void>): Promise<void> {
  if (scripts) return condition(expect.configure({ timeout: PATIENCE }) as typeof expect);
  const now = expect.configure({ timeout: 500 }) as typeof expect;
  await expect(async () => {
    await page.reload();
    await condition(now);
  }).toPass({ timeout: PATIENCE });
}

/** Acts as another persona from now on, and loads the page again. */
export async function actAs(page: Page, scripts: boolean, id: string): Promise<void> {
  await page.context().addCookies([{ name: "countersign_person", value: id, url: new URL(page.url()).origin }]);
  await page.reload();
  await ready(page, scripts);
}

/** Opens the request of the workflow `name` from the inbox, and waits until it is the one that is shown. */
export async function openRequest(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: new RegExp(`${name} · `) }).click();
  await expect(page).toHaveURL(/\/inbox\/arn/);
  await expect(page.locator(".approval-head")).toContainText(name);
}
