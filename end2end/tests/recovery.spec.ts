// Outages: pages say that the connection is away, keep what was typed, and go on by themselves.
import { asks, Engine, expect, open, openRequest, ready, Server, test } from "./fixtures";

const definition = { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } };
const SOON = { timeout: 30_000 };

test("an engine that is away and comes back", async ({ page }) => {
  const engine = new Engine();
  await engine.start();
  const server = new Server(["--endpoint", engine.url]);
  await server.start();
  try {
    await engine.begin("ask", definition);
    await open(page, `${server.url}/default/inbox`, true);
    await openRequest(page, "ask");
    await page.getByLabel("Comment").fill("Budget is there");
    await expect(page.locator(".live-age")).toContainText("data");

    await engine.stop();
    await expect(page.locator(".live-dot")).toHaveText("No answer", SOON);
    await expect(page.locator(".live-dot")).toHaveAttribute("data-state", "away");
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await expect(page.getByRole("article").getByRole("alert")).toContainText("Nothing was recorded", SOON);
    // Long enough for every reading that the page repeats meanwhile.
    await page.waitForTimeout(9_000);
    await expect(page.getByLabel("Comment")).toHaveValue("Budget is there");

    // A page that is opened meanwhile says so, and needs no reload later.
    const other = await page.context().newPage();
    await other.goto(page.url());
    await expect(other.getByRole("alert").filter({ hasText: "does not answer" }).first()).toBeVisible();

    await engine.start();
    await expect(page.locator(".live-dot")).toHaveText("Live", SOON);
    await expect(page.locator(".frame-problem")).toHaveCount(0, SOON);
    await expect(page.getByLabel("Comment")).toHaveValue("Budget is there");
    await expect(other.getByRole("button", { name: "Approve", exact: true })).toBeVisible(SOON);
    await other.close();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await expect(page.locator(".notice-record")).toContainText("Budget is there", SOON);
  } finally {
    await server.stop();
    await engine.stop();
    server.remove();
    engine.remove();
  }
});

test("a dashboard that starts again keeps what was typed", async ({ page, server }) => {
  await server.begin("ask", definition);
  await open(page, "/default/inbox", true);
  await openRequest(page, "ask");
  await page.getByLabel("Comment").fill("Budget is there");
  await server.stop();
  await expect(page.locator(".live-dot")).toHaveText("Reconnecting", SOON);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByRole("article").getByRole("alert")).toContainText("did not answer", SOON);
  await server.start();
  await expect(page.locator(".live-dot")).toHaveText("Live", SOON);
  await expect(page.locator(".frame-problem")).toHaveCount(0, SOON);
  await expect(page.getByLabel("Comment")).toHaveValue("Budget is there");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.locator(".notice-record")).toContainText("Budget is there", SOON);
  await ready(page, true);
});
