// What people do: redrive, start with a checked input, and find anything in a few keys.
import { AxeBuilder } from "@axe-core/playwright";
import { PATIENCE, expect, open, test } from "./fixtures";

test.use({ demonstration: false });

/** Ends in the state "Check it" until its input is right. */
const fails = {
  StartAt: "Prepare",
  States: {
    Prepare: { Type: "Pass", Next: "Check it" },
    "Check it": { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: { FunctionName: "no_such_function" }, Next: "Done" },
    Done: { Type: "Succeed" },
  },
};
const passes = { StartAt: "Done", States: { Done: { Type: "Pass", End: true } } };

test("a failed execution is redriven from the failed state", async ({ page, server }) => {
  const arn = await server.begin("checks", fails);
  await open(page, `/default/executions/${arn}`, true);
  const redrive = page.locator("#redrive > summary");
  await redrive.click({ timeout: PATIENCE });
  const box = page.locator("#redrive form");
  await expect(box).toContainText("It goes on from:");
  await expect(box.getByRole("listitem")).toHaveText("Check it");
  await expect(box).toContainText("Completed steps are not repeated");
  await box.getByRole("button", { name: "Redrive the execution" }).click();
  // It fails once more: the function is still not there.
  await expect(page.locator(".page-head .facts")).toContainText(/redriven (just now|\d+ s ago)/, { timeout: PATIENCE });
  await expect(redrive).toBeVisible({ timeout: PATIENCE });
  await page.goto("/default/audit");
  await expect(page.getByText("Redrove")).toHaveCount(1);
});

test("a mistake is shown while somebody types, and the last inputs are at hand", async ({ page, server }) => {
  await server.begin("passes", passes, { order: "A-4711", amount: 1 });
  await expect(async () => {
    await open(page, "/default/workflows/passes", true);
    await expect(page.getByText("Last inputs")).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: PATIENCE });
  const input = page.getByRole("textbox", { name: "Input" });
  await input.fill('{\n  "a": [1, 2,\n}');
  await expect(page.locator(".input-mistake")).toContainText("Line 3, column 1");
  await expect(page.locator(".input-line mark")).toHaveText("}");
  await expect(input).toHaveAttribute("aria-invalid", "true");
  await input.fill('{"mine": 1}');
  await expect(page.locator(".input-mistake")).toHaveCount(0);
  await expect(page.locator("#input-check")).toContainText("11 of 262,144 bytes");
  // What was typed is not replaced without a question.
  await page.getByText("Last inputs").click();
  const last = page.getByRole("link", { name: /A-4711/ });
  page.once("dialog", (dialog) => dialog.dismiss());
  await last.click();
  await expect(input).toHaveValue('{"mine": 1}');
  page.once("dialog", (dialog) => dialog.accept());
  await last.click();
  await expect(input).toHaveValue(/A-4711/);
  await page.getByRole("textbox", { name: /^Name/ }).fill("not a name");
  await page.getByRole("button", { name: "Start", exact: true }).last().click();
  await expect(page).toHaveURL(/\/workflows\/passes/);
  await page.getByRole("textbox", { name: /^Name/ }).fill("again-1");
  await page.getByRole("button", { name: "Start", exact: true }).last().click();
  await expect(page).toHaveURL(/\/executions\/arn:.*again-1/);
});

test("the palette finds anything with the keyboard alone", async ({ page, server }) => {
  const arn = await server.begin("passes", passes);
  await server.begin("order-fulfilment", passes);
  await open(page, "/default/executions", true);
  const link = page.locator(".place").first();
  await link.focus();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Search" });
  const input = palette.getByRole("combobox", { name: "Search" });
  await expect(input).toBeFocused();
  await expect(palette.getByRole("option", { name: /Inbox/ })).toBeVisible();
  await input.fill("ful");
  const first = palette.getByRole("option").first();
  await expect(first).toContainText("order-fulfilment");
  await expect(first).toHaveAttribute("aria-selected", "true");
  await expect(input).toHaveAttribute("aria-activedescendant", "palette-0");
  const found = await new AxeBuilder({ page }).include("dialog").analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join("\n")}`)).toEqual([]);
  await page.keyboard.press("ArrowDown");
  await expect(input).toHaveAttribute("aria-activedescendant", "palette-1");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(palette.getByRole("option").last()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(link).toBeFocused();

  await page.keyboard.press("Control+k");
  await input.fill("start ful");
  await expect(first).toContainText("Start order-fulfilment");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/workflows\/order-fulfilment#start$/);
  await expect(palette).toBeHidden();

  // Enter may come before the answer: it means what was typed.
  await page.keyboard.press("Control+k");
  await expect(palette.getByRole("option", { name: /Inbox/ })).toBeVisible();
  await input.fill("order-ful");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/workflows\/order-fulfilment$/);

  await page.keyboard.press("Control+k");
  await input.fill("nothing of this kind");
  await expect(palette.getByRole("status")).toHaveText("Nothing fits.");
  await page.evaluate((text) => navigator.clipboard.writeText(text).catch(() => {}), arn);
  await input.fill("");
  // A browser without a clipboard pastes as this event does.
  await input.evaluate((field: HTMLInputElement, text) => {
    field.dispatchEvent(new ClipboardEvent("paste"));
    field.value = text;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, arn);
  await expect(page).toHaveURL(new RegExp(`/executions/${arn}`));
});

test("the palette acts on the execution that is shown", async ({ page, server }) => {
  const arn = await server.begin("checks", fails);
  await open(page, `/default/executions/${arn}`, true);
  await page.locator("#redrive > summary").waitFor({ timeout: PATIENCE });
  await page.getByRole("link", { name: /^Search/ }).click();
  const palette = page.getByRole("dialog", { name: "Search" });
  await palette.getByRole("combobox").fill("redr");
  await expect(palette.getByRole("option").first()).toContainText("Redrive this execution");
  await page.keyboard.press("Enter");
  await expect(page.locator("#redrive")).toHaveAttribute("open", "");
  await expect(page.getByRole("button", { name: "Redrive the execution" })).toBeFocused();
});

test("the box that confirms a redrive is within the window", async ({ page, server }) => {
  const arn = await server.begin("checks", fails);
  await open(page, `/default/executions/${arn}`, true);
  await page.locator("#redrive > summary").click({ timeout: PATIENCE });
  const { x, width } = (await page.locator("#redrive form").boundingBox())!;
  expect(x).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(page.viewportSize()!.width);
});
