// What only a page with scripts does: it updates itself.
import { asks, expect, open, PATIENCE, ready, test } from "./fixtures";

test.describe("without the demonstration", () => {
  test.use({ demonstration: false });

  test("the count beside Inbox moves on every page, without reloading", async ({ page, context, server }) => {
    await server.begin("ask", { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } });
    await open(page, "/default/workflows", true);
    const count = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /Inbox/ }).locator(".rail-count");
    await expect(count).toHaveText("1 waiting");
    const other = await context.newPage();
    await open(other, "/default/workflows/ask", true);
    await other.getByRole("button", { name: "Start", exact: true }).click();
    await expect(other).toHaveURL(/\/executions\/arn:/);
    await expect(count).toHaveText("2 waiting");
    await other.close();
    expect(server.url).toBe(new URL(page.url()).origin);
  });
});

test("an execution's page follows the execution to its end", async ({ page }) => {
  await open(page, "/default/workflows/fulfilment", true);
  await page.getByRole("button", { name: /^A small order/ }).click();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page).toHaveURL(/\/executions\/arn:/);
  await ready(page, true);
  await expect(page.locator(".page-head .status")).toHaveText("Succeeded", { timeout: PATIENCE });
});

test("a theme is kept", async ({ page }) => {
  await open(page, "/default", true);
  await page.getByRole("button", { name: "Dark theme" }).click();
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole("button", { name: "Light theme" }).click();
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(light);
});

test("a decision that cannot be sent is reported, and nothing typed is lost", async ({ page }) => {
  await open(page, "/default/workflows/approval", true);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("link", { name: "Review and decide" }).click();
  await ready(page, true);
  // Only a page that is still the same one knows this afterwards.
  await page.evaluate(() => document.body.setAttribute("data-same", "yes"));
  await page.getByLabel("Comment").fill("Budget is there");
  await page.route("**/api/decide", (route) => route.abort());
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("alert")).toContainText("did not answer");
  await expect(page.getByLabel("Comment")).toHaveValue("Budget is there");
  await page.unroute("**/api/decide");
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.locator(".notice-record")).toContainText("Budget is there");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(page.locator("body")).toHaveAttribute("data-same", "yes");
});
