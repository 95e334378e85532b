// The rules of an approval: several people, four eyes, forms, and where an answer leads.
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type Page } from "@playwright/test";
import { actAs, eventually, expect, open, ready, test } from "./fixtures";

/** Starts a sample as the person `id`, and opens its request. */
async function ask(page: Page, scripts: boolean, id: string, workflow: string, sample: RegExp): Promise<string> {
  await open(page, `/default/workflows/${workflow}`, scripts);
  await actAs(page, scripts, id);
  await page.getByRole("button", { name: sample }).click();
  await expect(page.getByRole("button", { name: sample })).toHaveAttribute("aria-current", "true");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page).toHaveURL(/\/executions\/arn:/);
  const review = page.getByRole("link", { name: "Review and decide" });
  await eventually(page, scripts, (soon) => soon(review).toBeVisible());
  await review.click();
  await expect(page).toHaveURL(/\/inbox\/arn/);
  await ready(page, scripts);
  return page.url();
}

/** The same page for another person, in a browser of their own. */
async function another(browser: Browser, url: string, id: string, scripts: boolean): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 1440, height: 900 } });
  await context.addCookies([{ name: "countersign_person", value: id, url: new URL(url).origin }]);
  const page = await context.newPage();
  await open(page, url, scripts);
  return page;
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

test("two people in two browsers complete a quorum of two", async ({ page, browser, javaScriptEnabled: scripts }) => {
  const url = await ask(page, scripts!, "dana", "fulfilment", /^A large order/);
  // Whoever started it may not decide, and the page says why and whom to ask.
  await expect(page.getByText("Dana Whitfield asked for it, and four eyes are needed")).toBeVisible();
  await expect(page.locator(".approval dt", { hasText: "Asked by" })).toBeVisible();
  await expect(button(page, "Approve")).toBeDisabled();
  await expect(button(page, "Reject")).toBeDisabled();
  // They do not lie over the reason, however long the request is.
  await expect(page.locator("form.decide")).toHaveCSS("position", "static");
  const omar = await another(browser, url, "omar", scripts!);
  const kenji = await another(browser, url, "kenji", scripts!);
  await expect(omar.getByText("0 of 2 people so far")).toBeVisible();
  await button(omar, "Approve").click();
  await expect(omar.getByText("1 of 2 people so far")).toBeVisible();
  await expect(omar.getByText("You chose “Approve”. The request needs more people.")).toBeVisible();
  await expect(button(omar, "Approve")).toBeDisabled();
  // The others see it without loading the page again.
  await eventually(kenji, scripts!, (soon) => soon(kenji.getByText("Approved by Omar Haddad")).toBeVisible());
  await button(kenji, "Approve").click();
  await expect(kenji.getByText(/^Approved by Kenji Mori/).filter({ visible: true }).first()).toBeVisible();
  await eventually(page, scripts!, (soon) => soon(page.getByText(/Approved by Kenji Mori/).filter({ visible: true }).first()).toBeVisible());
  await omar.context().close();
  await kenji.context().close();
});

test("a form is checked, keeps what was typed, and says where it leads", async ({ page, javaScriptEnabled: scripts }) => {
  await ask(page, scripts!, "dana", "approval", /^A new supplier/);
  const form = page.locator("details.own-choice");
  await form.locator("summary").click();
  const what = form.getByLabel(/^What to change/);
  // The browser refuses what is missing.
  await button(page, "Send back").click();
  await expect(what).toBeFocused();
  await expect(page.getByText("Sent back by")).toHaveCount(0);
  // So does the server, whatever the browser let pass.
  await what.evaluate((field) => field.removeAttribute("required"));
  await form.getByLabel("Reason").fill("Not yet.");
  await button(page, "Send back").click();
  await expect(page.getByText("Fill this in.")).toBeVisible();
  await expect(form.getByLabel("Reason")).toHaveValue("Not yet.");
  await expect(what).toHaveAttribute("aria-invalid", "true");
  await what.fill("Two more offers, please.");
  await form.getByRole("button", { name: "Check" }).click();
  await expect(form.getByRole("status").getByText("SentBack")).toBeVisible();
  await expect(what).toHaveValue("Two more offers, please.");
  await button(page, "Send back").click();
  await expect(page.getByText(/^Sent back by Dana Whitfield/).filter({ visible: true }).first()).toBeVisible();
  await page.getByRole("link", { name: "See the execution" }).click();
  await eventually(page, scripts!, (soon) => soon(page.getByText("SentBack").filter({ visible: true }).first()).toBeVisible());
});

test("nothing of it is hard to reach, in both themes", async ({ page, javaScriptEnabled: scripts }) => {
  test.skip(!scripts, "axe is a script");
  await ask(page, scripts!, "dana", "approval", /^A new supplier/);
  await page.locator("details.own-choice summary").click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(", ")}`)).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
});
