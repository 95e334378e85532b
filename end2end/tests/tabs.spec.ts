// Many tabs of one browser: they share a live stream, so that none of them waits for a connection.
import { type Page } from "@playwright/test";
import { asks, expect, open, openRequest, ready, test } from "./fixtures";

const waits = { StartAt: "Wait", States: { Wait: { Type: "Wait", Seconds: 3_600, End: true } } };

/** How many live streams the pages have open. */
async function streams(pages: Page[]): Promise<number> {
  const open = await Promise.all(pages.map((page) => page.evaluate(() => (window as any).openStreams())));
  return open.reduce((sum: number, one: number) => sum + one, 0);
}

/** Counts the streams that a page opens and has not closed. */
function counting(): void {
  const all: EventSource[] = [];
  const plain = window.EventSource;
  window.EventSource = class extends plain {
    constructor(url: string | URL) {
      super(url);
      all.push(this);
    }
  };
  (window as any).openStreams = () => all.filter((one) => one.readyState !== plain.CLOSED).length;
}

/** Makes a page believe that it is hidden, or in sight again. */
async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("ten tabs have one stream, and the tenth acts at once", async ({ context, server }) => {
  await context.addInitScript(counting);
  const arn = await server.begin("ask", { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } });
  const pages: Page[] = [];
  for (let count = 0; count < 9; count++) {
    const page = await context.newPage();
    await open(page, `${server.url}/default/executions/${arn}`, true);
    pages.push(page);
  }
  const tenth = await context.newPage();
  pages.push(tenth);
  await open(tenth, `${server.url}/default/inbox`, true);
  expect(await streams(pages)).toBe(1);
  await openRequest(tenth, "ask");
  await tenth.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(tenth.getByText(/^Approved by/).first()).toBeVisible({ timeout: 10_000 });
  for (const page of pages.slice(0, 9)) await expect(page.locator(".page-head .status")).toHaveText("Succeeded");
});

test("each tab's execution is watched, and another tab takes over the stream", async ({ context, server }) => {
  await context.addInitScript(counting);
  const pages: Page[] = [];
  const executions: string[] = [];
  for (const name of ["one", "two", "three"]) {
    const arn = await server.begin(name, waits);
    const page = await context.newPage();
    await open(page, `${server.url}/default/executions/${arn}`, true);
    await expect(page.locator(".page-head .status")).toHaveText("Running");
    executions.push(arn);
    pages.push(page);
  }
  expect(await streams(pages)).toBe(1);
  // The first one has it. Each of the others moves when its own execution does.
  const [first, second, third] = pages;
  await stop(server.engine, executions[1]);
  await expect(second.locator(".page-head .status")).toHaveText("Stopped");
  await first.close();
  await stop(server.engine, executions[2]);
  await expect(third.locator(".page-head .status")).toHaveText("Stopped");
  await expect(async () => expect(await streams([second, third])).toBe(1)).toPass();
});

test("a hidden tab keeps no stream, and catches up once it is seen", async ({ context, server }) => {
  await context.addInitScript(counting);
  const arn = await server.begin("hidden", waits);
  const page = await context.newPage();
  await open(page, `${server.url}/default/executions/${arn}`, true);
  await hide(page, true);
  await expect(async () => expect(await streams([page])).toBe(0)).toPass();
  await stop(server.engine, arn);
  await hide(page, false);
  await expect(page.locator(".page-head .status")).toHaveText("Stopped");
  await ready(page, true);
  expect(await streams([page])).toBe(1);
});

async function stop(engine: string, executionArn: string): Promise<void> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AWSStepFunctions.StopExecution" };
  const answer = await fetch(`http://${engine}`, { method: "POST", headers, body: JSON.stringify({ executionArn }) });
  expect(answer.status).toBe(200);
}
