// Whose hands a request is in: taking a choice back, claims, giving it to others, and breaking the glass.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { actAs, asks, eventually, expect, open, openRequest, ready, Server, test as plain } from "./fixtures";

const test = plain.extend<object>({
  server: async ({}, use) => {
    const server = new Server(["--undo", "20"]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
  },
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Starts a workflow that asks, and opens its request. */
async function ask(page: Page, server: Server, scripts: boolean, name: string): Promise<void> {
  await server.begin(name, { StartAt: "Ask", States: { Ask: asks({ title: `Pay ${name}?` }) } });
  await open(page, "/default/inbox", scripts);
  await eventually(page, scripts, (soon) => soon(page.getByRole("link", { name: new RegExp(`${name} · `) })).toBeVisible());
  await openRequest(page, name);
  await ready(page, scripts);
}

test("a choice is taken back, and the next one is sent at once", async ({ page, server, javaScriptEnabled: scripts }) => {
  await ask(page, server, scripts!, "undo");
  await button(page, "Approve").click();
  const notice = page.getByRole("status").filter({ hasText: "Approved" });
  await expect(notice).toContainText("It goes on record and is sent in");
  await expect(button(page, "Reject")).toHaveCount(0);
  await button(page, "Take it back").click();
  await expect(button(page, "Approve")).toBeVisible();
  await expect(notice).toHaveCount(0);
  await button(page, "Reject").click();
  await button(page, "Send now").click();
  await expect(page.getByText(/^Rejected by Dana Whitfield/).filter({ visible: true }).first()).toBeVisible();
  await open(page, "/default/audit?kind=decisions", scripts!);
  await expect(page.getByText("Took back").first()).toBeVisible();
});

test("a choice that nobody takes back is on record by itself", async ({ page, server, javaScriptEnabled: scripts }) => {
  await ask(page, server, scripts!, "later");
  await button(page, "Approve").click();
  await expect(button(page, "Take it back")).toBeVisible();
  await eventually(page, scripts!, (soon) => soon(page.getByText(/^Approved by Dana Whitfield/).filter({ visible: true }).first()).toBeVisible());
  await expect(button(page, "Take it back")).toHaveCount(0);
});

test("a key chooses what can be taken back", async ({ page, server, javaScriptEnabled: scripts, isMobile }) => {
  test.skip(!scripts || isMobile, "the keyboard needs scripts, and a phone has none");
  await ask(page, server, true, "keys");
  await page.keyboard.press("a");
  await expect(page.getByRole("status").filter({ hasText: "Approved" })).toContainText("It goes on record and is sent in");
  // Once more it finds nothing to press.
  await page.keyboard.press("a");
  await button(page, "Take it back").click();
  await expect(button(page, "Approve")).toBeVisible();
  await ready(page, true);
  // In a comment it is a letter.
  await page.getByLabel("Comment").fill("so");
  await page.keyboard.press("r");
  await expect(page.getByLabel("Comment")).toHaveValue("sor");
  await page.locator("#request").focus();
  await page.keyboard.press("r");
  await expect(page.getByRole("status").filter({ hasText: "Rejected" })).toContainText("It goes on record and is sent in");
});

test("a list of decisions is taken back, and then sent at once", async ({ page, server, javaScriptEnabled: scripts }) => {
  for (const name of ["first", "second"]) await server.begin(name, { StartAt: "Ask", States: { Ask: asks({ title: `Pay ${name}?` }) } });
  await open(page, "/default/inbox?q=Pay%20", scripts!);
  const boxes = page.getByRole("checkbox", { name: /^Choose Pay (first|second)\?$/ });
  await eventually(page, scripts!, (soon) => soon(boxes).toHaveCount(2));
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByText("Decide several").click();
  await page.getByRole("button", { name: /^Reject ?…$/ }).click();
  await expect(page.getByRole("heading", { name: "Reject: 2 requests" })).toBeVisible();
  const state = page.locator(".bulk-state");
  await expect(state).toContainText("Afterwards all of it can be taken back for 20 seconds.");
  // Axe is a script.
  if (scripts) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await button(page, "Reject 2 requests").click();
  await expect(state).toContainText("2 requests are decided in");
  await button(page, "Take it back").click();
  await expect(state).toContainText("Nothing has been decided yet.");
  await ready(page, scripts!);
  await button(page, "Reject 2 requests").click();
  await button(page, "Send now").click();
  await eventually(page, scripts!, (soon) => soon(state).toContainText("Done: 2 of 2. 0 refused."));
  await expect(page.locator("td.col-outcome", { hasText: "Rejected" })).toHaveCount(2);
});

test("a request is looked after by one person at a time", async ({ page, server, javaScriptEnabled: scripts }) => {
  await ask(page, server, scripts!, "claim");
  await button(page, "I look after it").click();
  await expect(page.locator(".in-hand")).toContainText("You look after it since");
  await open(page, "/default/inbox?part=unclaimed", scripts!);
  await expect(page.getByRole("link", { name: /claim · / })).toHaveCount(0);
  await open(page, "/default/inbox?q=Pay%20claim", scripts!);
  await expect(page.locator(".requests")).toContainText("Dana Whitfield looks after it");
  await openRequest(page, "claim");
  await actAs(page, scripts!, "omar");
  await expect(page.locator(".in-hand")).toContainText("Dana Whitfield looks after it since");
  await button(page, "Take it over").click();
  await expect(page.locator(".in-hand")).toContainText("You look after it since");
  await button(page, "Hand it back").click();
  await expect(button(page, "I look after it")).toBeVisible();
});

test("a request is given to others, and an administrator breaks the glass", async ({ page, server, javaScriptEnabled: scripts }) => {
  await ask(page, server, scripts!, "glass");
  const url = page.url();
  await page.getByRole("link", { name: "Give it to others" }).click();
  await expect(page).toHaveURL(/\/hands$/);
  // Axe is a script.
  if (scripts) expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByLabel(/^To \(/).fill("nobody in particular");
  await page.getByLabel("Reason").first().fill("Finance is away");
  await button(page, "Give it to them").click();
  await expect(page.getByRole("alert")).toContainText("There is nobody and no group called");
  await expect(page.getByLabel(/^To \(/)).toHaveValue("nobody in particular");
  await page.getByLabel(/^To \(/).fill("warehouse, omar");
  await button(page, "Give it to them").click();
  await expect(page).toHaveURL(url);
  await ready(page, scripts!);
  await expect(page.getByText("by Dana Whitfield: Finance is away")).toBeVisible();
  await expect(button(page, "Approve")).toBeDisabled();
  await page.getByRole("link", { name: "Give it to others, or break the glass" }).click();
  await page.getByText("Approve…").click();
  const form = page.locator("details[open]");
  await form.getByLabel("Reason").fill("The warehouse burns");
  await form.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText(/^Approved by Dana Whitfield, who broke the glass/).filter({ visible: true }).first()).toBeVisible();
  // Kenji may do neither.
  await ask(page, server, scripts!, "kenji");
  await actAs(page, scripts!, "kenji");
  await expect(page.getByRole("link", { name: /Give it to others|Break the glass/ })).toHaveCount(0);
});
