// What AWS recorded is shown whole: every type of event of the recordings, on the drawing, in the timeline and in the list of
// events. The recordings are not part of this repository: RECORDINGS names their folder, which is beside it otherwise.
import { existsSync, readFileSync } from "node:fs";
import { type Server as HttpServer, createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { Server, expect, open, project, test as plain } from "./fixtures";

type Details = Record<string, unknown>;
interface HistoryEvent extends Record<string, unknown> {
  id: number;
  type: string;
}
interface Recording {
  name: string;
  definition: string;
  input: string;
  status: string;
  events: HistoryEvent[];
  states: string[];
}

const folder = process.env.RECORDINGS ?? join(project, "../shared/recordings");
const file = join(folder, "execution.jsonl");
const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:recorded";
const arnOf = (name: string) => `arn:aws:states:us-east-1:000000000000:execution:recorded:${name}`;
/** When the recorded executions started, in seconds. */
const START = 1_760_000_000;
/** What a recording has as JSON, and the API as a text. */
const TEXTS = ["input", "output", "parameters", "cause", "error", "taskCredentials"];

const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** An event as the API has it: the recording has neither its time nor its payloads as texts. */
function event(recorded: HistoryEvent): HistoryEvent {
  const of = (details: Details): Details => {
    const written = (key: string, value: unknown) => (TEXTS.includes(key) && value !== undefined ? text(value) : value);
    const entries = Object.entries(details).map(([key, value]) => [key, written(key, value)]);
    const made = Object.fromEntries(entries) as Details;
    if (made.assignedVariables) {
      const variables = Object.entries(made.assignedVariables as Details).map(([name, value]) => [name, text(value)]);
      made.assignedVariables = Object.fromEntries(variables);
    }
    return made;
  };
  const entries = Object.entries(recorded).map(([key, value]) => [key, value && typeof value === "object" ? of(value as Details) : value]);
  return { ...(Object.fromEntries(entries) as HistoryEvent), timestamp: START + recorded.id / 4 };
}

/** The recordings that have a type of event which none before them has, the longest first, and the longest twenty. */
function recordings(): Recording[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  // Of branches that ran at once some have lost the order of their events.
  const isWhole = (events?: HistoryEvent[]) => events?.every((one, place) => one.id === place + 1);
  const whole = lines.filter((line) => isWhole(line.expected.history)).sort((one, other) => other.expected.history.length - one.expected.history.length);
  const seen = new Set<string>();
  const chosen = whole.filter((line, place) => {
    const types: string[] = line.expected.history.map((one: HistoryEvent) => one.type);
    const isNew = types.some((type) => !seen.has(type));
    types.forEach((type) => seen.add(type));
    return isNew || place < 20;
  });
  return chosen.map((line, place) => {
    const events: HistoryEvent[] = line.expected.history.map(event);
    const last = events.at(-1)!.type;
    const status = { ExecutionSucceeded: "SUCCEEDED", ExecutionFailed: "FAILED", ExecutionTimedOut: "TIMED_OUT", ExecutionAborted: "ABORTED" }[last] ?? "RUNNING";
    const entered = events.filter((one) => one.stateEnteredEventDetails).map((one) => (one.stateEnteredEventDetails as { name: string }).name);
    return { name: `r${place}`, definition: line.definition, input: line.input ?? "{}", status, events, states: [...new Set(entered)] };
  });
}

/** As much of the API as the dashboard asks for. */
function answer(all: Recording[], action: string, body: Record<string, unknown>): object | undefined {
  const one = all.find((recording) => arnOf(recording.name) === body.executionArn);
  const end = (of: Recording) => (of.status === "RUNNING" ? {} : { stopDate: START + of.events.length / 4 });
  const listed = (of: Recording) => ({ executionArn: arnOf(of.name), stateMachineArn: machine, name: of.name, status: of.status, startDate: START, ...end(of) });
  const described = { stateMachineArn: machine, name: "recorded", roleArn: "arn:aws:iam::000000000000:role/r" };
  switch (action) {
    case "ListStateMachines":
      return { stateMachines: [{ ...described, type: "STANDARD", creationDate: START }] };
    case "DescribeStateMachine":
      return { ...described, type: "STANDARD", status: "ACTIVE", creationDate: START, definition: all[0].definition };
    case "ListExecutions":
      return { executions: body.stateMachineArn === machine ? all.filter((of) => !body.statusFilter || of.status === body.statusFilter).map(listed) : [] };
    case "DescribeExecution":
      return one && { ...listed(one), input: one.input };
    case "DescribeStateMachineForExecution":
      return one && { ...described, definition: one.definition, updateDate: START };
    case "GetExecutionHistory":
      return one && { events: body.reverseOrder ? [...one.events].reverse() : one.events };
    case "ListMapRuns":
      return { mapRuns: [] };
    case "ListTagsForResource":
      return { tags: [] };
  }
}

async function endpoint(all: Recording[]): Promise<HttpServer> {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const action = String(request.headers["x-amz-target"]).split(".").pop()!;
    const made = answer(all, action, JSON.parse(Buffer.concat(pieces).toString() || "{}"));
    response.writeHead(made ? 200 : 400, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(made ?? { __type: "ValidationException", message: `${action} is not recorded` }));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

const test = plain.extend<{ recorded: Recording[] }>({
  recorded: async ({}, use) => use(existsSync(file) ? recordings() : []),
  server: async ({ recorded }, use) => {
    const api = await endpoint(recorded);
    const server = new Server(["--endpoint", `http://127.0.0.1:${(api.address() as AddressInfo).port}`, "--region", "us-east-1"]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
    api.closeAllConnections();
    api.close();
  },
});

test.skip(!existsSync(file), `there are no recordings: no ${file}`);

const WORDS: Record<string, string> = { SUCCEEDED: "Succeeded", FAILED: "Failed", TIMED_OUT: "Timed out", ABORTED: "Stopped", RUNNING: "Running" };

test("what AWS recorded is drawn, on the timeline, and listed event by event", async ({ page, recorded }) => {
  test.slow();
  expect(recorded.length).toBeGreaterThan(25);
  for (const one of recorded) {
    const what = `${one.name}: ${one.states.join(", ")}`;
    const path = `/default/executions/${arnOf(one.name)}`;
    await open(page, `${path}?tab=timeline&as=list`, true);
    await expect(page.locator(".page-head .status"), what).toHaveText(WORDS[one.status]);
    // Every state that was entered is in the list that says what the drawing shows, and none of them as one that was not.
    const outline = page.locator(".graph-listed");
    // Rows of the timeline that are not in sight are not in the page, unless the server made it whole.
    const rows = await (await page.request.get(path)).text();
    for (const state of one.states) {
      const entry = outline.getByRole("link", { name: state, exact: true }).first();
      await expect(entry, what).toBeVisible();
      const status = entry.locator("xpath=following-sibling::span[contains(@class, 'status')]");
      await expect(status, what).toHaveText(/\S/);
      await expect(status, what).not.toHaveText(/Not reached|Skipped/);
      expect(rows, what).toContain(`aria-label="${state}: `);
    }
    await open(page, `${path}?tab=events`, true);
    await expect(page.locator(".events-count"), what).toContainText(`${one.events.length} events`);
    await expect(page.locator(".graph .node").first(), what).toBeVisible();
    await expect(page.locator(".events > li").first(), what).toContainText(one.events[0].type);
  }
});
