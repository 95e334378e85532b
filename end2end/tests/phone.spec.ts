// On a phone: what is asked can be read, and answered without a search.
import { asks, expect, open, openRequest, test } from "./fixtures";

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
