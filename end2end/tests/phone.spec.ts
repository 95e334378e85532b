// On a phone: what is asked can be read, and answered without a search.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { asks, expect, open, openRequest, PATIENCE, ready, Server, test } from "./fixtures";

const longKey = "purchaseOrderConfirmationReferenceNumberOfTheSupplyingCompany";

test("a long label leaves its value room, and the buttons are at hand", async ({ page, server }) => {
  const facts = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${longKey}${index}`, `value ${index}`]));
  await server.begin("long", { StartAt: "Ask", States: { Ask: asks(facts) } });
  await open(page, "/default/inbox", true);
  await openRequest(page, "long");
  await expect(page.getByRole("button", { name: "Approve", exact: true })).toBeInViewport();
  await expect(page.getByRole("button", { name: "Reject", exact: true })).toBeInViewport();
  const widths = await page.locator(".fields dd").evaluateAll((values) => values.map((value) => value.clientWidth));
  expect(Math.min(...widths)).toBeGreaterThan(150);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  // Nothing ends below the docked buttons.
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  const last = (await page.locator(".whole > summary").boundingBox())!;
  const dock = (await page.locator(".decide-buttons").boundingBox())!;
  expect(last.y + last.height).toBeLessThanOrEqual(dock.y);
});

test("all that a decision takes is on one screen", async ({ page, server }) => {
  const facts = { title: "Paper from Nordwind Mill?", requestedBy: "Purchasing", amount: "4200.00 EUR" };
  await server.begin("paper", { StartAt: "Ask", States: { Ask: asks(facts) } });
  await open(page, "/default/inbox", true);
  await openRequest(page, "paper");
  const dock = (await page.locator(".decide-buttons").boundingBox())!;
  for (const what of [page.getByRole("heading", { level: 1 }), page.getByText("Purchasing"), page.getByText("4200.00 EUR"), page.locator(".approval .due"), page.getByText("If rejected"), page.getByLabel("Comment")]) {
    await expect(what.first()).toBeInViewport({ ratio: 1 });
    const box = (await what.first().boundingBox())!;
    expect(box.y + box.height).toBeLessThanOrEqual(dock.y);
  }
});

test("a longer request is on one screen too, and nothing that has focus is covered", async ({ page, server }) => {
  const facts = { title: "Approve order B-2002 of the library of the city?", customer: "City Library", requestedBy: "Purchasing", reason: "The present supplier cannot deliver before the end of March.", amount: "4200.00 EUR" };
  await server.begin("longer", { StartAt: "Ask", States: { Ask: asks(facts) } });
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "/default/inbox", true);
  await openRequest(page, "longer");
  const dock = (await page.locator(".decide-buttons").boundingBox())!;
  const place = page.locator(".approval-head .facts");
  expect((await place.boundingBox())!.height, "where it comes from takes one line").toBeLessThan(30);
  const comment = page.getByLabel("Comment");
  const box = (await comment.boundingBox())!;
  expect(box.y + box.height).toBeLessThanOrEqual(dock.y);
  // The field grows with what is typed.
  await comment.fill("One line.\nAnother one.\nAnd a third one.");
  expect((await comment.boundingBox())!.height).toBeGreaterThan(box.height);
  await page.evaluate(() => window.scrollTo(0, 0));
  for (const what of [page.locator(".whole > summary"), comment]) {
    await what.focus();
    const focused = (await what.boundingBox())!;
    expect(focused.y + focused.height).toBeLessThanOrEqual(dock.y);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
});

test("a request's page loads no WebAssembly, and stays new all the same", async ({ page, context, server }) => {
  await server.begin("paper", { StartAt: "Ask", States: { Ask: asks({ title: "Paper?" }) } });
  await open(page, "/default/inbox", true);
  await openRequest(page, "paper");
  const url = page.url();
  // As from a message: a browser that was never here.
  const other = await context.browser()!.newContext({ viewport: page.viewportSize()!, hasTouch: true });
  const phone = await other.newPage();
  const loaded: string[] = [];
  phone.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await open(phone, url, true);
  await expect(phone.locator(".approval .when-at").first()).toHaveText(/\d\d:\d\d:\d\d$/);
  await phone.getByLabel("Comment").fill("Not before Friday.");
  // Somebody looks after it meanwhile: the page says so, and what was typed is still there.
  await page.getByRole("button", { name: "I look after it", exact: true }).click();
  await expect(phone.locator(".in-hand")).toContainText("You look after it since", { timeout: PATIENCE });
  await expect(phone.getByLabel("Comment")).toHaveValue("Not before Friday.");
  expect(loaded.filter((path) => path.includes("/pkg/") && !path.endsWith(".css"))).toEqual([]);
  expect(loaded).toContain("/request.js");
  await phone.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(phone.locator("#outcome")).toContainText("Approve");
  expect(loaded.filter((path) => path.endsWith(".wasm"))).toEqual([]);
  await other.close();
});

test("requests of one Map are one banner that counts", async ({ page, server }) => {
  const each = {
    Type: "Map",
    ItemsPath: "$.items",
    ItemProcessor: { StartAt: "Ask", States: { Ask: asks({ "item.$": "$" }) } },
    End: true,
  };
  const items = Array.from({ length: 12 }, (_, index) => ({ order: index }));
  const arn = await server.begin("twelve", { StartAt: "Each", States: { Each: each } }, { items });
  await open(page, `/default/executions/${arn}`, true);
  await expect(page.getByText("12 requests of this execution wait for a person")).toBeVisible({ timeout: 40_000 });
  await expect(page.locator(".notice-ask")).toHaveCount(1);
  // The parts of the page are still in sight below it.
  await expect(page.getByRole("link", { name: "Drawing", exact: true })).toBeInViewport();
  await page.locator(".notice-list summary").click();
  await expect(page.locator(".notice-list").getByRole("link")).toHaveCount(12);
});

test("the banner of the demonstration is one line that opens", async ({ page }) => {
  await open(page, "/default/inbox", true);
  const banner = page.locator(".banner");
  expect((await banner.boundingBox())!.height).toBeLessThan(50);
  await banner.locator("summary").click();
  await expect(banner.getByText("With --sign-in everybody signs in")).toBeVisible();
});

test.describe("without the demonstration, whose requests would move the list", () => {
  test.use({ demonstration: false });

  test("who comes back to the list finds the place", async ({ page, server }) => {
    for (let count = 0; count < 20; count++) {
      await server.begin(`request-${count}`, { StartAt: "Ask", States: { Ask: asks({ amount: count }) } });
    }
    await open(page, "/default/inbox", true);
    await expect(page.locator(".request")).toHaveCount(20);
    const row = page.locator(".request").filter({ hasText: "request-15 ·" });
    await row.scrollIntoViewIfNeeded();
    const before = await page.evaluate(() => window.scrollY);
    expect(before).toBeGreaterThan(300);
    await row.click();
    await expect(page.getByRole("heading", { level: 1 })).toBeInViewport();
    await page.getByRole("link", { name: "← Inbox" }).click();
    await expect(row).toBeInViewport();
    expect(Math.abs((await page.evaluate(() => window.scrollY)) - before)).toBeLessThan(60);
  });
});

const party = test.extend<object>({
  server: async ({}, use) => {
    const server = new Server(["--guest", "127.0.0.1:0"]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
  },
});

/** What axe finds on a page. */
async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `    ${node.html}`).join("\n")}`);
}

party("a guest decides on a phone, and the graph on the big screen moves", async ({ browser, page, server }) => {
  const ask = asks({ title: "Paper from Nordwind Mill?", requestedBy: "Purchasing", amount: "4200.00 EUR" });
  const arn = await server.begin("paper", { StartAt: "Ask", States: { Ask: { ...ask, End: undefined, Next: "Ordered" }, Ordered: { Type: "Succeed" } } });

  // The big screen: the execution's graph, and beside it the code of its request.
  const screen = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const graph = await screen.newPage();
  await graph.goto(`${server.url}/default/executions/${arn}`);
  await ready(graph, true);
  const course = graph.getByRole("group", { name: "The execution's course" });
  await expect(course.getByRole("link", { name: /^Ask\b.*waiting/i })).toBeVisible();
  await graph.evaluate(() => Object.assign(window, { untouched: true }));
  const board = await screen.newPage();
  await board.goto(`${server.url}/default/inbox`);
  await board.getByText("Demonstration", { exact: true }).click();
  await expect(board.locator(".banner").getByRole("link", { name: "Hand over the phone" })).toBeVisible();
  await openRequest(board, "paper");
  await board.locator(".in-hand").getByRole("link", { name: "Hand over the phone" }).click();
  await expect(board.getByRole("heading", { level: 1, name: "Hand over the phone" })).toBeVisible();
  await expect(board.getByLabel("Request")).toHaveValue(new RegExp(`^${arn} `));
  await board.getByRole("button", { name: "Make a new code" }).click();
  const code = board.getByRole("img", { name: /^QR code of http:/ });
  // A line around each module would make one blot of them all.
  await expect(code).toHaveCSS("stroke", "none");
  await expect(code).toBeVisible();
  expect((await code.boundingBox())!.width).toBeGreaterThan(200);
  const link = await board.locator("code.secret").innerText();
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?code=[0-9a-f]{64}$/);
  expect(await violations(board)).toEqual([]);

  // The phone. This browser's own scripts do not count: the pages have none.
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1, name: "Decide one request" })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Open" }).click();
  await expect(page).toHaveURL(/\/request\/arn/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Paper from Nordwind Mill\?/);
  await expect(page.locator("script")).toHaveCount(0);
  // All of it on one screen.
  for (const text of ["Purchasing", "4200.00 EUR", /due in/, "If approved"]) await expect(page.getByText(text).first()).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("textbox", { name: "Comment" })).toBeInViewport({ ratio: 1 });
  for (const name of ["Approve", "Reject"]) {
    const button = page.getByRole("button", { name, exact: true });
    await expect(button).toBeInViewport({ ratio: 1 });
    expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/guest-request.png` });
  await page.getByRole("textbox", { name: "Comment" }).fill("From the sofa.");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByText(/^Approved by/).first()).toBeVisible();
  await expect(page.getByText("It is on record.")).toBeVisible();
  // Its words are whole, and the bar above the page begins at the edge.
  const lines = await page.locator(".notice-title bdi").first().evaluate((word) => {
    const range = document.createRange();
    range.selectNodeContents(word);
    return new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size;
  });
  expect(lines).toBe(1);
  expect((await page.locator("header.top").boundingBox())!.x).toBe(0);
  expect(await violations(page)).toEqual([]);

  // The graph moved by itself.
  await expect(course.getByRole("link", { name: /^Ask\b.*succeeded/i })).toBeVisible();
  await expect(course.getByRole("link", { name: /^Ordered\b.*succeeded/i })).toBeVisible();
  expect(await graph.evaluate(() => "untouched" in window), "the page was not loaded again").toBe(true);
  await board.goto(`${server.url}/default/audit`);
  await expect(board.getByText("From the sofa.")).toBeVisible();
  await expect(board.getByText("Guest", { exact: true }).first()).toBeVisible();
  // The code is used up.
  await board.goto(link);
  await expect(board.getByRole("heading", { level: 1 })).toHaveText(/opens nothing any more/);
  await screen.close();
});
