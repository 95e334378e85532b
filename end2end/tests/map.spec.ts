// The drawing is handled like a map, and only what is in view is in the page.
import { type Locator, type Page } from "@playwright/test";
import { expect, open, ready, test } from "./fixtures";
import { large } from "./large";

/** Where the drawing is in its box: its scale, and its top left corner. */
async function place(page: Page): Promise<{ x: number; y: number; scale: number }> {
  return page.locator(".graph-layer").evaluate((layer) => {
    const matrix = new DOMMatrix(getComputedStyle(layer).transform);
    return { x: matrix.e, y: matrix.f, scale: matrix.a };
  });
}

/** The place once it no longer changes: the same over a few frames. */
async function settled(page: Page): Promise<{ x: number; y: number; scale: number }> {
  let before = await place(page);
  await expect(async () => {
    await page.evaluate(async () => {
      for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
    });
    const now = await place(page);
    const is = JSON.stringify(now) === JSON.stringify(before);
    before = now;
    expect(is).toBe(true);
  }).toPass({ intervals: [0] });
  return before;
}

/** Whether an element is inside the drawing's box as a whole. */
async function inBox(page: Page, element: Locator): Promise<boolean> {
  const box = (await page.locator(".graph-box").boundingBox())!;
  const own = (await element.boundingBox())!;
  return own.x >= box.x - 1 && own.y >= box.y - 1 && own.x + own.width <= box.x + box.width + 1 && own.y + own.height <= box.y + box.height + 1;
}

const state = (page: Page, name: string) => page.locator(`[data-node="${name}"] a.node`);
const tool = (page: Page, name: string | RegExp) => page.locator(".graph-bar").getByRole("button", { name });

test.describe("a large definition", () => {
  test.use({ demonstration: false });

  test("opens where it begins", async ({ page, server }) => {
    test.skip(page.viewportSize()!.width < 600, "the drawing is as wide as the page");
    await server.begin("large", large(1_000), { kind: 0 });
    await open(page, "/default/workflows/large", true);
    await expect(page.locator(".graph-box.ready")).toBeVisible();
    const first = state(page, "Group 0 begins");
    expect(await inBox(page, first)).toBe(true);
    const [box, begin] = [(await page.locator(".graph-box").boundingBox())!, (await first.boundingBox())!];
    const off = begin.x + begin.width / 2 - (box.x + box.width / 2);
    expect(Math.abs(off)).toBeLessThan(box.width / 4);
  });

  test("holds in the page what is in view, and all can be reached", async ({ page, server }) => {
    test.skip(page.viewportSize()!.width < 600, "with a mouse and a keyboard");
    const arn = await server.begin("large", large(1_000), { kind: 0 });
    const path = `/default/executions/${arn}?state=Group%2020%20begins`;
    // The page itself: what the first view shows.
    const html = await (await page.request.get(path)).text();
    const first = html.match(/data-node="/g)!.length;
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(200);
    await open(page, path, true);
    await expect(page.locator(".graph-box.ready")).toBeVisible();
    const count = () => page.locator("[data-node]").count();
    expect(await count()).toBeLessThan(250);
    await expect(state(page, "Group 20 begins")).toHaveAttribute("aria-current", "true");
    expect(await inBox(page, state(page, "Group 20 begins"))).toBe(true);

    // Dragging moves the drawing with the pointer; states come and go.
    const box = (await page.locator(".graph-box").boundingBox())!;
    const [x, top, bottom] = [box.x + box.width - 12, box.y + 12, box.y + box.height - 12];
    const before = await settled(page);
    await page.mouse.move(x, bottom);
    await page.mouse.down();
    await page.mouse.move(x, bottom - 100, { steps: 4 });
    const during = await place(page);
    expect(during.y - before.y).toBeCloseTo(-100, -1);
    expect(during.scale).toBe(before.scale);
    await page.mouse.up();
    for (let turn = 0; turn < 2_000 / box.height; turn++) {
      await page.mouse.move(x, bottom);
      await page.mouse.down();
      await page.mouse.move(x, top, { steps: 10 });
      await page.mouse.up();
    }
    await expect(state(page, "Group 20 begins")).toHaveCount(0);
    expect(await count()).toBeLessThan(250);
    expect(await count()).toBeGreaterThan(10);
    // A drag chooses nothing.
    await expect(page).toHaveURL(/Group%2020%20begins/);

    // What is found is flown to and chosen, wherever it is.
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Find a state" }).fill("up 7 branch 2");
    await expect(page.locator("#found").getByRole("option")).toHaveCount(1);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/Group%207%20branch%202/);
    await expect(state(page, "Group 7 branch 2")).toBeFocused();
    await settled(page);
    expect(await inBox(page, state(page, "Group 7 branch 2"))).toBe(true);

    // All of it: a plan, whose states can be clicked.
    await tool(page, /^Fit/).click();
    await settled(page);
    const layer = (await page.locator(".graph-layer").boundingBox())!;
    expect(layer.width).toBeLessThanOrEqual(box.width);
    expect(layer.height).toBeLessThanOrEqual(box.height);
    expect(await page.locator(".graph-layer *").count()).toBeLessThan(60);
    const chosen = page.url();
    await page.mouse.click(layer.x + layer.width / 2, layer.y + layer.height * 0.31);
    await expect(page).not.toHaveURL(chosen);
  });
});

test("zooms towards the pointer, fits, fills the screen", async ({ page }) => {
  test.skip(page.viewportSize()!.width < 600, "with a mouse and a keyboard");
  await open(page, "/default/workflows/fulfilment", true);
  await expect(page.locator(".graph-box.ready")).toBeVisible();
  const first = await settled(page);
  const box = (await page.locator(".graph-box").boundingBox())!;
  const at = { x: box.x + box.width / 3, y: box.y + box.height / 3 };
  const under = (view: typeof first) => [(at.x - box.x - view.x) / view.scale, (at.y - box.y - view.y) / view.scale];
  await page.mouse.move(at.x, at.y);
  for (let turn = 0; turn < 6; turn++) await page.mouse.wheel(0, -120);
  const near = await settled(page);
  expect(near.scale).toBeGreaterThan(first.scale * 1.5);
  await page.mouse.wheel(0, -120);
  const nearer = await settled(page);
  const [one, other] = [under(near), under(nearer)];
  expect(Math.abs(one[0]! - other[0]!)).toBeLessThan(3);
  expect(Math.abs(one[1]! - other[1]!)).toBeLessThan(3);

  await tool(page, /^Fit/).click();
  const fit = await settled(page);
  const layer = (await page.locator(".graph-layer").boundingBox())!;
  expect(layer.height).toBeLessThanOrEqual(box.height);
  expect(layer.width).toBeLessThanOrEqual(box.width);
  await tool(page, "Zoom in").click();
  expect((await settled(page)).scale).toBeGreaterThan(fit.scale);
  await tool(page, "Zoom out").click();
  expect((await settled(page)).scale).toBeCloseTo(fit.scale, 2);

  await tool(page, "Full screen").click();
  await expect.poll(async () => (await page.locator(".graph").boundingBox())!.height).toBeGreaterThan(880);
  await page.keyboard.press("Escape");
  await expect.poll(async () => (await page.locator(".graph").boundingBox())!.height).toBeLessThan(800);
});

test("the keyboard walks along the transitions", async ({ page, server }) => {
  test.skip(page.viewportSize()!.width < 600, "with a mouse and a keyboard");
  const chain = {
    StartAt: "One",
    States: {
      One: { Type: "Choice", Choices: [{ Variable: "$.a", IsPresent: true, Next: "Left" }, { Variable: "$.b", IsPresent: true, Next: "Right" }], Default: "Left" },
      Left: { Type: "Pass", Next: "Box" },
      Right: { Type: "Pass", Next: "Box" },
      Box: { Type: "Parallel", End: true, Branches: [{ StartAt: "In", States: { In: { Type: "Pass", End: true } } }] },
    },
  };
  const arn = await server.begin("chain", chain, { a: 1 });
  await open(page, `/default/executions/${arn}?tab=events`, true);
  await expect(page.locator(".graph-box.ready")).toBeVisible();
  await state(page, "One").focus();
  await page.keyboard.press("ArrowDown");
  const now = () => page.evaluate(() => document.activeElement!.closest("[data-node]")!.getAttribute("data-node"));
  await expect.poll(now).toMatch(/^(Left|Right)$/);
  const first = await now();
  const [side, back] = first === "Left" ? ["Right", "Left"] : ["Left", "Right"];
  const arrows = (await state(page, side!).boundingBox())!.x > (await state(page, back!).boundingBox())!.x;
  await page.keyboard.press(arrows ? "ArrowRight" : "ArrowLeft");
  await expect(state(page, side!)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(state(page, "Box")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(state(page, "In")).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(state(page, "Box")).toBeFocused();
  // Enter chooses, and what else the address holds stays.
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tab=events.*state=Box|state=Box.*tab=events/);
  await expect(state(page, "Box")).toHaveAttribute("aria-current", "true");
  // Escape closes the field and gives the keyboard back.
  await page.keyboard.press("/");
  await expect(page.getByRole("combobox", { name: "Find a state" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("combobox", { name: "Find a state" })).toHaveCount(0);
  // Keys that are typed are not the drawing's.
  await open(page, "/default/workflows/approval", true);
  await page.getByRole("textbox", { name: /^Name/ }).fill("a/b");
  await expect(page.getByRole("combobox", { name: "Find a state" })).toHaveCount(0);
});

test("the list says what the drawing shows, and the drawing can be skipped", async ({ page, server }) => {
  test.skip(page.viewportSize()!.width < 600, "with a mouse and a keyboard");
  const chain = {
    StartAt: "Try",
    States: {
      Try: { Type: "Choice", Choices: [{ Variable: "$.a", IsPresent: true, Next: "Taken" }], Default: "Passed over" },
      Taken: { Type: "Map", ItemsPath: "$.a", End: true, ItemProcessor: { StartAt: "Each", States: { Each: { Type: "Pass", End: true } } } },
      "Passed over": { Type: "Succeed" },
    },
  };
  const arn = await server.begin("listed", chain, { a: [1, 2, 3] });
  await open(page, `/default/executions/${arn}`, true);
  await expect(state(page, "Taken")).toHaveAttribute("aria-label", /Taken, Map, Succeeded.*3 iterations: 3 succeeded/);
  await expect(state(page, "Passed over")).toHaveAttribute("aria-label", "Passed over, Succeed, Skipped");
  await page.locator(".graph-bar").getByRole("link", { name: "List" }).click();
  const list = page.getByRole("navigation", { name: /^States of/ });
  await expect(list.getByRole("listitem")).toHaveCount(4);
  await expect(list.getByRole("listitem").filter({ hasText: "Taken" }).getByRole("listitem")).toContainText("Each");
  await list.getByRole("link", { name: "Each" }).click();
  await expect(page).toHaveURL(/state=Each/);
  await page.getByRole("link", { name: "Drawing", exact: true }).click();
  await expect(state(page, "Each")).toHaveAttribute("aria-current", "true");
  await page.locator(".graph-skip").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#past-drawing")).toBeFocused();
});

test("two fingers zoom", async ({ page }, info) => {
  test.skip(info.project.name !== "phone", "a phone has fingers");
  await open(page, "/default/workflows/fulfilment", true);
  await page.getByRole("link", { name: "Drawing", exact: true }).click();
  await expect(page.locator(".graph-box.ready")).toBeVisible();
  await page.locator(".graph-box").scrollIntoViewIfNeeded();
  const before = await settled(page);
  const box = (await page.locator(".graph-box").boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const fingers = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", apart?: number) =>
    fingers.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: apart ? [{ x: x - apart, y, id: 0 }, { x: x + apart, y, id: 1 }] : [],
    });
  await touch("touchStart", 30);
  for (const apart of [40, 50, 60]) await touch("touchMove", apart);
  await touch("touchEnd");
  const after = await settled(page);
  expect(after.scale / before.scale).toBeGreaterThan(1.6);
  await ready(page, true);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("every state can be reached", async ({ page, server }) => {
    const arn = await server.begin("large", large(200), { kind: 0 });
    await open(page, `/default/executions/${arn}`, false);
    // On a phone the drawing is a tab.
    if (page.viewportSize()!.width < 1041) await page.getByRole("link", { name: "Drawing", exact: true }).click();
    await expect(page.locator("[data-node]").first()).toBeVisible();
    await page.getByRole("link", { name: /^Whole drawing/ }).click();
    await expect(page.locator("[data-node]")).toHaveCount(200);
    await page.getByRole("link", { name: "List", exact: true }).click();
    await page.getByRole("navigation", { name: /^States of/ }).getByRole("link", { name: "Group 0 begins" }).click();
    await expect(page).toHaveURL(/state=Group%200%20begins/);
    // A phone shows the state itself, in a tab of its own.
    if (page.viewportSize()!.width < 1041) {
      await expect(page.getByRole("region", { name: "State Group 0 begins" })).toBeVisible();
      return;
    }
    await page.getByRole("link", { name: "Drawing", exact: true }).click();
    await expect(state(page, "Group 0 begins")).toHaveAttribute("aria-current", "true");
  });
});
