// The one live stream of a browser: nothing that changes while it passes from one request or tab to the next is lost.
import { type BrowserContext, type Page } from "@playwright/test";
import { asks, expect, open, type Server, test } from "./fixtures";

// Nothing moves but what the test moves: a change that was lost would otherwise be made good by the next one.
test.use({ demonstration: false });

const waits = { StartAt: "Wait", States: { Wait: { Type: "Wait", Seconds: 3_600, End: true } } };
const ask = { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } };

/** Makes an execution that goes on for an hour, and waits until the dashboard has it. */
async function running(server: Server, name: string): Promise<string> {
  const arn = await server.begin(name, waits);
  await shows(server, "/default/executions", arn);
  return arn;
}

/** Waits until a page of the server, asked for afresh, says this. */
async function shows(server: Server, path: string, text: string): Promise<void> {
  await expect(async () => expect(await (await fetch(server.url + path)).text()).toContain(text)).toPass();
}

/** Holds back the streams that the browser opens from now on, until they are let go. */
async function hold(context: BrowserContext): Promise<{ asked: string[]; release: () => void }> {
  const asked: string[] = [];
  let release = () => {};
  const released = new Promise<void>((done) => (release = done));
  await context.route(/\/live(\?|$)/, async (route) => {
    asked.push(route.request().url());
    await released;
    // A stream that was closed while it was held is gone.
    await route.continue().catch(() => {});
  });
  return { asked, release };
}

async function tab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await open(page, url, true);
  return page;
}

test("what changes while the stream is opened again reaches every tab", async ({ context, server }) => {
  const arn = await running(server, "long");
  const first = await tab(context, `${server.url}/default/inbox`);
  const { asked, release } = await hold(context);
  // Another tab's execution is to be watched: the first tab closes its stream and opens another.
  const second = await tab(context, `${server.url}/default/executions/${arn}`);
  await expect(async () => expect(asked).toHaveLength(1)).toPass();
  await shows(server, "/default/inbox", await server.begin("ask", ask));
  release();
  for (const page of [first, second]) {
    await expect(page.getByRole("navigation", { name: "Main" }).locator(".rail-count")).toHaveText("1 waiting");
  }
  await expect(first.locator(".request").filter({ hasText: "ask · " })).toBeVisible();
});

test("what changes between two tabs' turns reaches the tab that takes over", async ({ context, server }) => {
  const first = await tab(context, `${server.url}/default/inbox`);
  const second = await tab(context, `${server.url}/default/inbox`);
  const { asked, release } = await hold(context);
  await first.close();
  await expect(async () => expect(asked).toHaveLength(1)).toPass();
  await shows(server, "/default/inbox", await server.begin("ask", ask));
  release();
  await expect(second.locator(".request").filter({ hasText: "ask · " })).toBeVisible();
});

test("each execution whose watching begins is read again, however often the stream is opened", async ({ context, server }) => {
  const [one, two] = [await running(server, "one"), await running(server, "two")];
  const first = await tab(context, `${server.url}/default/inbox`);
  await first.evaluate(() => {
    const heard: string[] = [];
    (window as any).heard = heard;
    new BroadcastChannel("countersign-live").onmessage = ({ data }) => data.kind === "change" && heard.push(data.text);
  });
  // The first tab leads; its own channel hears nothing of what it says itself, but this second one of the page does.
  const { asked, release } = await hold(context);
  await tab(context, `${server.url}/default/executions/${one}`);
  await expect(async () => expect(asked).toHaveLength(1)).toPass();
  await tab(context, `${server.url}/default/executions/${two}`);
  await expect(async () => expect(asked).toHaveLength(2)).toPass();
  release();
  for (const arn of [one, two]) {
    await expect(async () => {
      expect((await first.evaluate(() => (window as any).heard.join(" "))).split(" ")).toContain(`default/execution:${arn}`);
    }).toPass({ timeout: 15_000 });
  }
});

test("a hidden tab reads nothing while another tab hears of changes", async ({ context, server }) => {
  const first = await tab(context, `${server.url}/default/inbox`);
  const second = await tab(context, `${server.url}/default/inbox`);
  // Its place is kept for two seconds; then it says that it has gone.
  await first.evaluate(() => {
    new BroadcastChannel("countersign-live").onmessage = ({ data }) => ((window as any).gone ||= data.gone);
  });
  await second.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await first.waitForFunction(() => (window as any).gone);
  const read: string[] = [];
  second.on("request", (request) => read.push(request.url()));
  await server.begin("ask", ask);
  await expect(first.locator(".request").filter({ hasText: "ask · " })).toBeVisible();
  expect(read).toEqual([]);
  await second.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect(second.locator(".request").filter({ hasText: "ask · " })).toBeVisible();
});

test("a page of what is not there yet shows it once it comes", async ({ page, server }) => {
  await page.goto(`${server.url}/default/workflows/later`);
  await expect(page.getByRole("heading", { level: 1, name: "Not found" })).toBeVisible();
  await expect(page.locator(".live-dot[data-state=live]")).toBeAttached();
  await server.begin("later", waits);
  await expect(page.getByRole("heading", { level: 1, name: "later" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeEnabled();
});
