// The page of an execution: one screen, a drawer, what matters first, and the data of a state.
import { asks, expect, open, test } from "./fixtures";

test.use({ demonstration: false });

const steps = {
  StartAt: "Sum",
  States: {
    Sum: {
      Type: "Pass",
      InputPath: "$.order",
      Parameters: { "total.$": "States.MathAdd($.net, $.tax)" },
      ResultPath: "$.sum",
      Next: "Ask",
    },
    Ask: { ...asks({ "request.$": "$" }), End: undefined, Next: "Done" },
    Done: { Type: "Succeed" },
  },
};
const input = { order: { net: 100, tax: 19 }, lines: [{ sku: "A-1" }, { sku: "B-7" }] };

const priced = {
  StartAt: "Each",
  States: {
    Each: { Type: "Map", MaxConcurrency: 1, End: true, ItemProcessor: { StartAt: "Price", States: { Price: { Type: "Pass", End: true } } } },
  },
};
const lines = [{ sku: "A-1" }, { sku: "B-7" }, { sku: "C-9" }];

const failing = { StartAt: "Refuse", States: { Refuse: { Type: "Fail", Error: "StockMissing", Cause: "No bolts are left." } } };

test("drawing, drawer and tabs share one screen", async ({ page, server }) => {
  const arn = await server.begin("steps", steps, input);
  await open(page, `/default/executions/${arn}`, true);
  const box = async (selector: string) => (await page.locator(selector).boundingBox())!;
  const [head, drawing, drawer, lower] = [await box(".page-head"), await box(".workbench-drawing"), await box(".workbench-drawer"), await box(".workbench-lower")];
  expect(head.height).toBeLessThan(48);
  expect(drawing.height).toBeGreaterThan(240);
  expect(drawing.width).toBeGreaterThan(600);
  expect(drawer.x).toBeGreaterThanOrEqual(drawing.x + drawing.width);
  expect(lower.y).toBeGreaterThanOrEqual(drawing.y + drawing.height);
  expect(lower.height).toBeGreaterThan(180);
  expect(lower.y + lower.height).toBeLessThanOrEqual(900);
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThanOrEqual(900);
});

test("the drawer is moved and closed by keyboard, and remembered", async ({ page, server }) => {
  const arn = await server.begin("steps", steps, input);
  await open(page, `/default/executions/${arn}`, true);
  const drawer = page.locator(".workbench-drawer");
  const before = (await drawer.boundingBox())!.width;
  const separator = page.getByRole("separator", { name: "Width of the drawer" });
  await separator.focus();
  for (let step = 0; step < 4; step++) await page.keyboard.press("ArrowLeft");
  const wider = (await drawer.boundingBox())!.width;
  expect(wider).toBeGreaterThan(before + 60);
  await expect(separator).toHaveAttribute("aria-valuenow", "43");
  await page.reload();
  expect(Math.abs((await drawer.boundingBox())!.width - wider)).toBeLessThan(2);
  await page.getByRole("link", { name: "Close the drawer" }).click();
  await expect(drawer).toBeHidden();
  await page.getByRole("link", { name: "Show the drawer" }).click();
  await expect(drawer).toBeVisible();
});

test("a waiting request is answered where it waits", async ({ page, server }) => {
  const arn = await server.begin("steps", steps, input);
  await open(page, `/default/executions/${arn}`, true);
  const panel = page.getByRole("region", { name: "State Ask" });
  await expect(panel.getByRole("button", { name: "Reject", exact: true })).toBeVisible();
  await panel.getByRole("textbox", { name: "Comment" }).fill("Fine.");
  await panel.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByText(/^Approved by/).first()).toBeVisible();
});

test("the stages of a state say what is recorded and what is computed", async ({ page, server }) => {
  const arn = await server.begin("steps", steps, input);
  await open(page, `/default/executions/${arn}?state=Sum&part=stages`, true);
  const panel = page.getByRole("region", { name: "State Sum" });
  for (const field of ["After InputPath", "After Parameters", "After ResultPath"]) await expect(panel.getByText(field)).toBeVisible();
  await expect(panel.getByText("computed").first()).toBeVisible();
  await expect(panel.locator(".stage", { hasText: "After ResultPath" }).getByText("recorded")).toBeVisible();
  await panel.getByRole("link", { name: "Difference" }).click();
  await expect(panel.getByText('"total": 119')).toBeVisible();
  await panel.getByRole("link", { name: "Definition" }).click();
  await panel.getByRole("link", { name: /^Lines \d+ to \d+/ }).click();
  await expect(page.locator("#lines")).toContainText('"Sum"');
  await page.locator(".definition").getByRole("link", { name: '"Done"' }).click();
  await expect(page.getByRole("region", { name: "State Done" })).toBeVisible();
});

test("the values of two visits are compared", async ({ page, server }) => {
  const arn = await server.begin("priced", priced, lines);
  await open(page, `/default/executions/${arn}?state=Price&visit=2`, true);
  const panel = page.getByRole("region", { name: "State Price" });
  await panel.getByRole("link", { name: "Compare with visit 1" }).click();
  await expect(panel.getByText("Input: visit 1 · Each, index 0 → visit 2 · Each, index 1")).toBeVisible();
  await expect(panel.locator(".removed").first()).toContainText('"sku": "A-1"');
  await expect(panel.locator(".added").first()).toContainText('"sku": "B-7"');
  const choice = panel.getByLabel("Compare with");
  await expect(choice).toHaveValue("1");
  await choice.focus();
  await choice.selectOption("3");
  await expect(page).toHaveURL(/with=3/);
  await expect(panel.getByText("Output: visit 3 · Each, index 2 → visit 2 · Each, index 1")).toBeVisible();
  await expect(choice).toBeFocused();
  await page.goBack();
  await expect(panel.getByText("Output: visit 1 · Each, index 0 → visit 2 · Each, index 1")).toBeVisible();
  await expect(choice).toHaveValue("1");
  await choice.selectOption("");
  await expect(panel.getByText("From input to output")).toBeVisible();
});

test("a child's failure is a link and not JSON in JSON", async ({ page, server }) => {
  const child = await server.begin("child", failing);
  const machine = child.replace(":execution:", ":stateMachine:").replace(/:[^:]*$/, "");
  const task = { Type: "Task", Resource: "arn:aws:states:::states:startExecution.sync:2", Parameters: { StateMachineArn: machine }, End: true };
  const arn = await server.begin("parent", { StartAt: "Run", States: { Run: task } });
  await open(page, `/default/executions/${arn}`, true);
  const panel = page.getByRole("region", { name: "State Run" });
  // The visit failed with it, and so did its attempt.
  await expect(panel.getByText("No bolts are left.").first()).toBeVisible();
  await expect(panel.locator(".failure").first()).not.toContainText("ExecutionArn");
  await panel.locator(".child a").first().click();
  await expect(page.locator(".page-head .status")).toHaveText("Failed");
  await expect(page).toHaveURL(/:execution:child:/);
});

test("what a task started and how it failed are copied", async ({ page, context, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const child = await server.begin("child", failing);
  const machine = child.replace(":execution:", ":stateMachine:").replace(/:[^:]*$/, "");
  const task = { Type: "Task", Resource: "arn:aws:states:::states:startExecution.sync:2", Parameters: { StateMachineArn: machine }, End: true };
  const arn = await server.begin("parent", { StartAt: "Run", States: { Run: task } });
  await open(page, `/default/executions/${arn}`, true);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const panel = page.getByRole("region", { name: "State Run" });
  await panel.getByRole("button", { name: "Copy the ARN of the failed execution" }).first().click();
  await expect.poll(copied).toMatch(/:execution:child:/);
  await panel.locator(".child").getByRole("button", { name: "Copy the error" }).first().click();
  await expect.poll(copied).toBe("StockMissing: No bolts are left.");
  await panel.getByRole("button", { name: "Copy the ARN of the resource" }).click();
  await expect.poll(copied).toBe(task.Resource);
});

test("values are searched, folded and copied", async ({ page, context, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const rows = Array.from({ length: 40 }, (_, index) => ({ sku: `S-${index}`, price: "12345678901234567890" }));
  const arn = await server.begin("steps", steps, { ...input, rows });
  await open(page, `/default/executions/${arn}?tab=data`, true);
  const box = page.locator(".texts .json-box").first();
  await box.getByRole("searchbox").fill("S-3");
  await expect(box.locator(".json-found")).toHaveText("1 of 11");
  await box.locator(".json").focus();
  for (let step = 0; step < 4; step++) await page.keyboard.press("ArrowDown");
  await expect(box.locator(".json-path")).toHaveText("$.order.tax");
  await box.getByRole("button", { name: "Copy path" }).click();
  await expect(page.locator("#said")).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("$.order.tax");
  await box.getByRole("button", { name: "Copy value" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("19");
  await page.locator(".more summary").click();
  await page.getByRole("button", { name: "Copy the ARN of the execution" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(arn);
});

test("a long value is fetched where it stands", async ({ page, server }) => {
  const rows = Array.from({ length: 1_500 }, (_, index) => ({ index, name: `row ${index}` }));
  const arn = await server.begin("steps", steps, { ...input, rows });
  await open(page, `/default/executions/${arn}?tab=data`, true);
  const box = page.locator(".texts .json-box").first();
  await expect(box).not.toContainText("row 1499");
  await box.getByRole("link", { name: "Show all of it" }).click();
  await expect(box.locator(".json")).toContainText("row 1499");
});

test("a long value is copied and searched whole", async ({ page, context, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const rows = Array.from({ length: 1_500 }, (_, index) => ({ index, name: `row ${index}` }));
  const arn = await server.begin("steps", steps, { ...input, rows });
  await open(page, `/default/executions/${arn}?tab=data`, true);
  const box = page.locator(".texts .json-box").first();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await box.getByRole("button", { name: "Copy Input" }).click();
  await expect(page.locator("#said")).toHaveText("Copied");
  expect(JSON.parse(await copied())).toEqual({ ...input, rows });
  await expect(box, "and it is not fetched into the page").not.toContainText("row 1499");
  // The first line is that of the whole value.
  await box.locator(".json").focus();
  await page.keyboard.press("ArrowDown");
  await box.getByRole("button", { name: "Copy value" }).click();
  await expect.poll(async () => (await copied()).length).toBeGreaterThan(30_000);
  await box.getByRole("searchbox").fill("row 1499");
  await expect(box.locator(".json-found")).toHaveText("1 of 1");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test("drawing, state, timeline and events are tabs", async ({ page, server }) => {
    const arn = await server.begin("steps", steps, input);
    await open(page, `/default/executions/${arn}`, true);
    await expect(page.getByRole("region", { name: "State Ask" })).toBeVisible();
    await expect(page.locator(".workbench-drawing")).toBeHidden();
    await page.getByRole("link", { name: "Drawing", exact: true }).click();
    await expect(page.locator(".workbench-drawing")).toBeVisible();
    await expect(page.locator(".workbench-drawer")).toBeHidden();
    await page.getByRole("link", { name: "Timeline" }).click();
    await expect(page.locator(".workbench-lower")).toBeVisible();
    await page.getByRole("link", { name: /^Events/ }).click();
    await expect(page).toHaveURL(/tab=events/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the page is whole and its links lead on", async ({ page, server }) => {
    const arn = await server.begin("steps", steps, input);
    await expect(async () => {
      await page.goto(`/default/executions/${arn}`);
      await expect(page.getByRole("button", { name: "Approve", exact: true })).toBeVisible({ timeout: 500 });
    }).toPass();
    await expect(page.getByRole("button", { name: "Copy", exact: true })).toHaveCount(0);
    await page.getByRole("link", { name: "Stages" }).click();
    await expect(page.getByText("After Parameters")).toBeVisible();
    await page.locator(".more summary").click();
    await expect(page.getByText(arn, { exact: true })).toBeVisible();
    await page.locator(".more summary").click();
    await page.getByRole("link", { name: "Close the drawer" }).click();
    await expect(page.locator(".workbench-drawer")).toBeHidden();
  });

  test("the visit to compare with is chosen by a form", async ({ page, server }) => {
    const arn = await server.begin("priced", priced, lines);
    await expect(async () => {
      await page.goto(`/default/executions/${arn}?state=Price&visit=2&tab=events`);
      await expect(page.getByRole("link", { name: "Compare with visit 1" })).toBeVisible({ timeout: 500 });
    }).toPass();
    await page.getByRole("link", { name: "Compare with visit 1" }).click();
    await page.getByLabel("Compare with").selectOption("3");
    await page.locator(".compare-with").getByRole("button", { name: "Show" }).click();
    await expect(page.getByText("Input: visit 3 · Each, index 2 → visit 2 · Each, index 1")).toBeVisible();
    await expect(page).toHaveURL(/tab=events/);
  });
});
