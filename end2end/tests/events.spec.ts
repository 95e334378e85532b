// The events, the timeline and the iterations of executions, large ones among them.
import { type Page, expect, open, test } from "./fixtures";

test.use({ demonstration: false });

/** A Map over 1,000 items with ten states each: 25,000 events. The item 990 fails. */
function large(): object {
  const states: Record<string, object> = {};
  for (let n = 0; n < 9; n += 1) states[`Step ${n}`] = { Type: "Pass", Next: n < 8 ? `Step ${n + 1}` : "Check" };
  states.Check = { Type: "Choice", Choices: [{ Variable: "$.n", NumericEquals: 990, Next: "Broken" }], Default: "Fine" };
  states.Broken = { Type: "Fail", Error: "ItemBroken", Cause: "This item cannot be processed." };
  states.Fine = { Type: "Succeed" };
  const body = { StartAt: "Step 0", States: states };
  return { StartAt: "Each", States: { Each: { Type: "Map", ItemsPath: "$.items", MaxConcurrency: 40, ItemProcessor: body, End: true } } };
}

const orders = (count: number) => Array.from({ length: count }, (_, n) => ({ orderId: `A-${4000 + n}`, n }));

/** Maps in a Map. */
function nested(): object {
  const inner = {
    StartAt: "Check",
    States: {
      Check: { Type: "Choice", Choices: [{ Variable: "$.n", NumericEquals: 3, Next: "Broken" }], Default: "Fine" },
      Broken: { Type: "Fail", Error: "ItemBroken", Cause: "It cannot be processed." },
      Fine: { Type: "Pass", End: true },
    },
  };
  const outer = {
    StartAt: "Inner",
    States: {
      Inner: { Type: "Map", ItemsPath: "$.orders", ItemProcessor: inner, Catch: [{ ErrorEquals: ["States.ALL"], Next: "Recovered" }], End: true },
      Recovered: { Type: "Pass", End: true },
    },
  };
  return { StartAt: "Outer", States: { Outer: { Type: "Map", ItemsPath: "$.groups", ItemProcessor: outer, End: true } } };
}

const path = (arn: string, query = "") => `/default/executions/${arn}${query}`;

/** Scrolls a list to a place, as a share of its height, and reports the longest frame meanwhile. */
async function scrollTo(page: Page, share: number): Promise<number> {
  return page.locator(".long").evaluate(async (list, share) => {
    const goal = share * (list.scrollHeight - list.clientHeight);
    const begin = list.scrollTop;
    const steps = 40;
    let longest = 0;
    let before = performance.now();
    for (let step = 1; step <= steps; step += 1) {
      list.scrollTop = begin + ((goal - begin) * step) / steps;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      longest = Math.max(longest, now - before);
      before = now;
    }
    return longest;
  }, share);
}

test("25,000 events scroll, are filtered, and lead to the error", async ({ page, server }) => {
  test.slow();
  const arn = await server.begin("large", large(), { items: orders(1_000) });
  await expect(async () => {
    await page.goto(path(arn, "?tab=events"), { timeout: 60_000 });
    await expect(page.locator(".events-count")).toContainText(/2\d,\d{3} events/, { timeout: 5_000 });
  }).toPass({ timeout: 200_000 });
  await open(page, path(arn, "?tab=events"), true);
  const rows = page.locator(".events > li");
  await expect(rows.first()).toContainText("ExecutionStarted");
  expect(await rows.count()).toBeLessThan(120);
  const longest = await scrollTo(page, 1);
  await expect(page.locator(".events")).toContainText("ExecutionFailed");
  expect(await rows.count()).toBeLessThan(120);
  test.info().annotations.push({ type: "longest frame while scrolling 25,000 events", description: `${Math.round(longest)} ms` });
  await scrollTo(page, 0.5);
  await expect(rows.first()).toBeVisible();

  await page.getByRole("combobox", { name: "Type" }).selectOption("failures");
  await expect(page).toHaveURL(/type=failures/);
  await expect(page.locator(".events-count")).toContainText(/^\d+ of 2\d,\d{3} events match/);
  await page.getByRole("link", { name: "Jump to the error" }).click();
  await expect(page).toHaveURL(/event=\d+/);
  await expect(page.locator(".event-details")).toContainText("Broken");
  await expect(page.locator(".event-link[aria-current]")).toBeInViewport();
  await page.getByRole("link", { name: /^After \d+$/ }).click();
  await expect(page.locator(".event-details h2")).toContainText("StateExited");
  await page.getByRole("combobox", { name: "Type" }).selectOption("");
  await expect(page).not.toHaveURL(/type=/);
  await page.getByRole("textbox", { name: "Contains" }).fill("a-4123");
  await page.keyboard.press("Enter");
  await expect(page.locator(".events-count")).toContainText(/of 2\d,\d{3} events match/);
  const found = Number((await page.locator(".events-count").textContent())?.match(/^[\d,]+/)?.[0].replace(",", ""));
  expect(found).toBeGreaterThan(5);
  expect(found).toBeLessThan(100);

  await page.goto(path(arn, "?state=Each"));
  await expect(page.getByRole("heading", { name: /Iterations of Each/ })).toBeVisible();
  await expect(page.locator(".iteration").first()).toContainText("orderId A-4990");
  await page.getByRole("link", { name: "Unfold Each" }).click();
  await expect(page.locator(".timeline-bar")).toContainText(/9\d\d of 1\d,?\d{3} rows/);
  await scrollTo(page, 1);
  await expect(page.locator(".lanes")).toContainText("Index 99");
});

test("iterations nested two deep are listed, chosen and left", async ({ page, server }) => {
  const arn = await server.begin("nested", nested(), { groups: [{ orders: orders(2) }, { orders: orders(4) }] });
  await open(page, path(arn, "?state=Inner"), true);
  const list = page.locator(".iterations");
  await expect(list.locator(".iteration").first()).toContainText("1 › 3", { timeout: 60_000 });
  await expect(list.locator(".iteration").first()).toContainText("orderId A-4003");
  await page.getByRole("navigation", { name: "Outcome" }).getByRole("link", { name: /Failed/ }).click();
  await expect(list.locator(".iteration")).toHaveCount(1);
  await list.getByRole("link").first().click();
  await expect(page).toHaveURL(/iteration=\d+/);
  const trail = page.getByRole("navigation", { name: "Chosen iteration" });
  await expect(trail).toContainText("Outer 1");
  await expect(trail).toContainText("Inner 3");
  await expect(page.locator(".lanes > li").first()).toContainText("Index 1 › 3");
  await page.getByRole("link", { name: /^Events/ }).click();
  await expect(page.locator(".events-count")).toContainText("in Inner 1 › 3");
  await trail.getByRole("link", { name: "Show all iterations" }).click();
  await expect(page).not.toHaveURL(/iteration=/);
});

test("the timeline is zoomed by buttons, keys and dragging", async ({ page, server }) => {
  const waits = { StartAt: "A", States: { A: { Type: "Wait", Seconds: 1, Next: "B" }, B: { Type: "Pass", End: true } } };
  const arn = await server.begin("short", waits);
  await open(page, path(arn), true);
  await expect(page.locator(".lane", { hasText: "B" })).toBeVisible({ timeout: 60_000 });
  await expect(page.locator(".execution-over, .status", { hasText: "Succeeded" }).first()).toBeVisible();
  await page.getByRole("link", { name: "Zoom in" }).click();
  await expect(page).toHaveURL(/span=\d+-\d+/);
  const zoomed = new URL(page.url()).searchParams.get("span");
  await page.locator(".long").focus();
  await page.keyboard.press("+");
  await expect(page).not.toHaveURL(new RegExp(`span=${zoomed}(&|$)`));
  await page.keyboard.press("0");
  await expect(page).not.toHaveURL(/span=/);
  const axis = (await page.locator(".axis").boundingBox())!;
  await page.mouse.move(axis.x + axis.width * 0.2, axis.y + 10);
  await page.mouse.down();
  await page.mouse.move(axis.x + axis.width * 0.6, axis.y + 10, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/span=\d+-\d+/);
  await page.getByRole("link", { name: "Whole execution" }).click();
  await expect(page).not.toHaveURL(/span=/);
});
