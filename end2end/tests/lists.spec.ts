// The list of executions: found by what they hold, narrowed by a bar, kept under a name, acted on together; and requests that
// are decided together. With the keyboard, without scripts and on a phone.
import { type Page } from "@playwright/test";
import { asks, eventually, expect, open, type Server, test } from "./fixtures";

test.use({ demonstration: false });

const wait = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 3_000, End: true } } };
const roleArn = "arn:aws:iam::000000000000:role/test";

async function api(server: Server, action: string, body: object): Promise<Record<string, string>> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AWSStepFunctions.${action}` };
  const answer = await fetch(`http://${server.engine}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
  return answer.json();
}

/** A workflow with so many executions, each with an order of its own. */
async function orders(server: Server, many: number): Promise<string> {
  const machine = { name: "packing", roleArn, definition: JSON.stringify(wait) };
  const { stateMachineArn } = await api(server, "CreateStateMachine", machine);
  for (let n = 0; n < many; n++) await order(server, stateMachineArn, n);
  return stateMachineArn;
}

function order(server: Server, stateMachineArn: string, n: number): Promise<Record<string, string>> {
  return api(server, "StartExecution", { stateMachineArn, name: `order-${n}`, input: JSON.stringify({ orderId: `A-${n}`, total: n * 100 }) });
}

const rows = (page: Page) => page.locator(".executions-table tbody tr");

/** Searches until the executions have been read. */
async function search(page: Page, text: string, found: number): Promise<void> {
  await expect(async () => {
    await page.getByRole("searchbox", { name: /Search executions/ }).fill(text);
    await page.getByRole("button", { name: "Search" }).click();
    await expect(rows(page)).toHaveCount(found, { timeout: 2_000 });
  }).toPass();
}

test("executions are found by what they hold, and a bar leads to its time", async ({ page, server, javaScriptEnabled }) => {
  await orders(server, 12);
  await open(page, "/default/executions", !!javaScriptEnabled);
  await search(page, "orderId:A-7", 1);
  await expect(page).toHaveURL(/q=orderId%3AA-7|q=orderId:A-7/);
  await expect(rows(page).first()).toContainText("order-7");
  await search(page, "total>800", 3);
  await page.locator(".histogram a").last().click();
  await expect(page).toHaveURL(/time=/);
  await expect(rows(page).first()).toContainText("order-");
  await page.getByRole("searchbox", { name: /Search executions/ }).fill("total>");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("A number is missing behind total> (character 7)")).toBeVisible();
  await page.getByText("How to search").click();
  await expect(page.getByText("orderId:47*")).toBeVisible();
});

test("a view has a name, and goes with it", async ({ page, context, server, javaScriptEnabled }) => {
  await orders(server, 2);
  await open(page, "/default/executions?q=name%3Aorder*", !!javaScriptEnabled);
  await page.getByText("Save this view").click();
  await page.getByRole("textbox", { name: "Name of the view" }).fill("All orders");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const saved = page.getByRole("navigation", { name: "Saved views" });
  await expect(saved.getByRole("link", { name: "All orders" })).toBeVisible();
  await page.goto("/default/executions");
  await saved.getByRole("link", { name: "All orders" }).click();
  await expect(page).toHaveURL(/q=name/);
  if (javaScriptEnabled) {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the link to this view" }).click();
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await expect.poll(copied).toMatch(/^http:\/\/[^/]+\/default\/executions\?q=name/);
    await page.goto(await copied());
    await expect(rows(page)).toHaveCount(2);
  }
  await page.getByText("Remove this view").click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(saved.getByRole("link", { name: "All orders" })).toHaveCount(0);
  await expect(page.getByText("The view All orders was removed")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(saved.getByRole("link", { name: "All orders" })).toBeVisible();
  await expect(page).toHaveURL(/q=name/);
});

test("several are redriven at once, and each goes on", async ({ page, server, javaScriptEnabled }) => {
  const fails = { StartAt: "Give up", States: { "Give up": { Type: "Fail", Error: "No", Cause: "not now" } } };
  const machine = { name: "fails", roleArn, definition: JSON.stringify(fails) };
  const { stateMachineArn } = await api(server, "CreateStateMachine", machine);
  for (let n = 0; n < 3; n++) await order(server, stateMachineArn, n);
  await open(page, "/default/executions?status=failed", !!javaScriptEnabled);
  await eventually(page, !!javaScriptEnabled, (soon) => soon(rows(page)).toHaveCount(3));
  await page.getByRole("checkbox", { name: "Choose order-0" }).check();
  await page.getByRole("checkbox", { name: "Choose order-2" }).check();
  await page.getByText("Act on several").click();
  await page.getByRole("button", { name: "Redrive…" }).click();
  await expect(page.getByRole("heading", { name: "Redrive: 2 executions" })).toBeVisible();
  await page.getByRole("button", { name: "Redrive 2 executions" }).click();
  await expect(async () => {
    if (!javaScriptEnabled) await page.reload();
    await expect(page.getByText("Done: 2 of 2. 0 refused.")).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await page.reload();
  await expect(page.locator(".col-outcome", { hasText: "Redriven" })).toHaveCount(2);
  await page.getByRole("link", { name: "order-0" }).click();
  await expect(page.locator(".facts").first()).toContainText("redriven ");
});

test("several are stopped at once: the list first, then each outcome", async ({ page, server, javaScriptEnabled }) => {
  await orders(server, 4);
  await open(page, "/default/executions", !!javaScriptEnabled);
  await eventually(page, !!javaScriptEnabled, (soon) => soon(rows(page)).toHaveCount(4));
  await page.getByRole("checkbox", { name: "Choose order-1" }).check();
  await page.getByRole("checkbox", { name: "Choose order-3" }).check();
  await page.getByText("Act on several").click();
  await page.getByRole("button", { name: "Stop…" }).click();
  await expect(page.getByRole("heading", { name: "Stop: 2 executions" })).toBeVisible();
  await expect(page.getByText("Nothing has been done yet")).toBeVisible();
  await page.getByRole("button", { name: "Stop 2 executions" }).click();
  await expect(async () => {
    if (!javaScriptEnabled) await page.reload();
    await expect(page.getByText("Done: 2 of 2. 0 refused.")).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await page.reload();
  await expect(page.locator(".col-outcome", { hasText: "Stopped" })).toHaveCount(2);
  await page.goto("/default/executions?status=stopped");
  await expect(rows(page)).toHaveCount(2);
});

/** Starts a workflow with each name, which asks; and opens the inbox with all of them. */
async function questions(page: Page, server: Server, scripts: boolean, names: string[]): Promise<void> {
  for (const name of names) await server.begin(name, { StartAt: "Ask", States: { Ask: asks({ title: `Pay ${name}?` }) } });
  await open(page, "/default/inbox", scripts);
  await eventually(page, scripts, (soon) => soon(page.locator(".requests > li")).toHaveCount(names.length));
}

const box = (page: Page, name: string) => page.getByRole("checkbox", { name: `Choose Pay ${name}?` });

test("several requests are decided at once: the list first, then each outcome", async ({ page, server, javaScriptEnabled }) => {
  await questions(page, server, !!javaScriptEnabled, ["one", "two", "three", "four"]);
  for (const name of ["one", "two", "three"]) await box(page, name).check();
  await page.getByText("Decide several").click();
  await page.getByRole("textbox", { name: "Said with each decision" }).fill("As agreed");
  await page.getByRole("button", { name: /^Approve ?…$/ }).click();
  await expect(page.getByRole("heading", { name: "Approve: 3 requests" })).toBeVisible();
  await expect(page.getByText("Nothing has been decided yet")).toBeVisible();
  await expect(page.locator("td.col-outcome", { hasText: "Would be decided" })).toHaveCount(3);
  await expect(page.getByText("Pay four?")).toHaveCount(0);
  await page.getByRole("button", { name: "Approve 3 requests" }).click();
  await eventually(page, !!javaScriptEnabled, (soon) => soon(page.getByText("Done: 3 of 3. 0 refused.")).toBeVisible());
  await page.reload();
  await expect(page.locator("td.col-outcome", { hasText: "Approved" })).toHaveCount(3);
  await page.getByRole("link", { name: "Pay two?" }).click();
  await expect(page.getByText(/^Approved by Dana Whitfield/).filter({ visible: true }).first()).toBeVisible();
  await expect(page.getByText("As agreed").filter({ visible: true }).first()).toBeVisible();
  await page.goto("/default/inbox");
  await expect(page.locator(".requests > li")).toHaveCount(1);
});

test("every part of the inbox is in sight", async ({ page, javaScriptEnabled }) => {
  await open(page, "/default/inbox", javaScriptEnabled!);
  const parts = page.getByRole("navigation", { name: "Which requests" });
  for (const name of ["All", "Mine", "My groups'", "Unclaimed", "Due in 4 h", "Overdue", "No deadline", "Decided"]) {
    await expect(parts.getByRole("link", { name: new RegExp(`^${name}`) })).toBeInViewport({ ratio: 1 });
  }
});

test("all of a page are chosen with one box, and nothing chosen is refused", async ({ page, server, javaScriptEnabled }) => {
  await questions(page, server, !!javaScriptEnabled, ["one", "two"]);
  await page.getByText("Decide several").click();
  await page.getByRole("button", { name: /^Reject ?…$/ }).click();
  await expect(page.getByText("No request was chosen.")).toBeVisible();
  // Without scripts the page is another one, with the details folded.
  if (!javaScriptEnabled) await page.getByText("Decide several").click();
  await page.getByRole("checkbox", { name: "All of this page" }).check();
  await page.getByRole("button", { name: /^Reject ?…$/ }).click();
  await expect(page.getByRole("heading", { name: "Reject: 2 requests" })).toBeVisible();
});

test.describe("with scripts", () => {
  test.skip(({ javaScriptEnabled }) => !javaScriptEnabled, "the keyboard and the stream need scripts");

  test("the keyboard goes from row to row, chooses, and searches", async ({ page, server, isMobile }) => {
    test.skip(isMobile, "a phone has none");
    await orders(server, 5);
    await open(page, "/default/executions", true);
    await expect(rows(page)).toHaveCount(5);
    await page.keyboard.press("j");
    await expect(rows(page).nth(0).locator(".row-main")).toBeFocused();
    await page.keyboard.press("j");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("k");
    await expect(rows(page).nth(1).locator(".row-main")).toBeFocused();
    await page.keyboard.press("x");
    await expect(rows(page).nth(1).getByRole("checkbox")).toBeChecked();
    await page.keyboard.press("/");
    await expect(page.getByRole("searchbox")).toBeFocused();
    await page.keyboard.type("j/x");
    await expect(page.getByRole("searchbox")).toHaveValue("j/x");
    await rows(page).nth(1).locator(".row-main").focus();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/executions\/arn:/);
  });

  test("the keyboard chooses requests, and the box of all follows", async ({ page, server, isMobile }) => {
    test.skip(isMobile, "a phone has none");
    await questions(page, server, true, ["one", "two"]);
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await expect(box(page, "one")).toBeChecked();
    await expect(box(page, "two")).not.toBeChecked();
    await page.getByText("Decide several").click();
    const all = page.getByRole("checkbox", { name: "All of this page" });
    await all.check();
    await expect(box(page, "two")).toBeChecked();
    await box(page, "one").uncheck();
    await expect(all).not.toBeChecked();
    await page.getByRole("button", { name: /^Reject ?…$/ }).click();
    await expect(page.getByRole("heading", { name: "Reject: 1 request" })).toBeVisible();
    await expect(page.locator("td.col-name")).toContainText("Pay two?");
  });

  test("rows stay where they are while others arrive", async ({ page, server }) => {
    const machine = await orders(server, 3);
    await open(page, "/default/executions", true);
    await expect(rows(page)).toHaveCount(3);
    await rows(page).nth(0).locator(".row-main").focus();
    const before = await rows(page).nth(1).boundingBox();
    await order(server, machine, 10);
    await order(server, machine, 11);
    await expect(page.getByRole("button", { name: "2 new" })).toBeVisible();
    await expect(rows(page).nth(0)).toContainText("order-2");
    expect(await rows(page).nth(1).boundingBox()).toEqual(before);
    await expect(rows(page).nth(0).locator(".row-main")).toBeFocused();
    await page.getByRole("button", { name: "2 new" }).click();
    await expect(rows(page)).toHaveCount(5);
    await expect(rows(page).nth(0)).toContainText("order-11");
  });
});
