// What somebody has chosen, typed or selected stays; what a link leads to is in sight.
import { asks, expect, open, openRequest, ready, test } from "./fixtures";

const steps = {
  StartAt: "Ask",
  States: { Ask: { ...asks({ "request.$": "$" }), End: undefined, Next: "Done" }, Done: { Type: "Succeed" } },
};

test("a state chosen on the Events tab keeps the tab", async ({ page, server }) => {
  const arn = await server.begin("steps", steps);
  await open(page, `/default/executions/${arn}`, true);
  await page.getByRole("link", { name: /^Events/ }).click();
  await expect(page.locator(".events")).toBeVisible();
  await page.getByRole("group", { name: "The execution's course" }).getByRole("link", { name: /^Done/ }).click();
  await expect(page.getByRole("region", { name: "State Done" })).toBeVisible();
  await expect(page).toHaveURL(/tab=events/);
  await expect(page.locator(".events")).toBeVisible();
});

test("what a tab or a state of a link shows is in sight", async ({ page, server }) => {
  const arn = await server.begin("steps", steps);
  await page.setViewportSize({ width: 1200, height: 600 });
  await open(page, `/default/executions/${arn}?tab=events`, true);
  await expect(page.locator(".events")).toBeInViewport();
  await open(page, "/default/workflows/fulfilment?tab=definition", true);
  await expect(page.locator(".definition")).toBeInViewport();
  await page.setViewportSize({ width: 600, height: 600 });
  await open(page, "/default/workflows/fulfilment?tab=drawing", true);
  const drawing = page.getByRole("group", { name: "Drawing of fulfilment" });
  await drawing.getByRole("link").first().focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("region", { name: /^State / });
  await expect(panel).toBeInViewport();
  await expect(panel).toContainText('"Type"');
});

test("a sample asks before it replaces what was typed", async ({ page }) => {
  await open(page, "/default/workflows/approval", true);
  const input = page.getByRole("textbox", { name: "Input" });
  const samples = page.getByRole("group", { name: "Samples" }).getByRole("button");
  await samples.nth(1).click();
  await expect(samples.nth(1)).toHaveAttribute("aria-current", "true");
  await input.fill('{"mine": 1}');
  page.once("dialog", (dialog) => dialog.dismiss());
  await samples.nth(0).click();
  await expect(input).toHaveValue('{"mine": 1}');
  page.once("dialog", (dialog) => dialog.accept());
  await samples.nth(1).click();
  await expect(input).not.toHaveValue(/mine/);
  await expect(samples.nth(1)).toHaveAttribute("aria-current", "true");
  await expect(page).toHaveURL(/sample=1/);
});

test("Enter in the name starts what was typed and puts no sample in", async ({ page }) => {
  await open(page, "/default/workflows/approval", true);
  await page.getByRole("textbox", { name: "Input" }).fill('{"title": "Mine", "amount": 7}');
  await page.getByRole("textbox", { name: /^Name/ }).fill("typed-name");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/executions\/arn:.*typed-name/);
});

test("a comment that is too long is refused whole and kept", async ({ page, server }) => {
  await server.begin("one", { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } });
  await open(page, "/default/inbox", true);
  await openRequest(page, "one");
  const long = `${"x".repeat(2_345)}!`;
  await page.getByLabel("Comment").fill(long);
  await expect(page.getByText("2346 characters; at most 2000 are kept. Remove 346")).toBeVisible();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByRole("article").getByRole("alert")).toContainText("2346 characters");
  await expect(page.getByLabel("Comment")).toHaveValue(long);
});

test("a selection in a panel outlives updates", async ({ page, server }) => {
  // The state is entered again every second, so the panel gets something new all the time.
  const loop = {
    StartAt: "Count",
    States: {
      Count: { Type: "Pass", Parameters: { note: "a text to select" }, ResultPath: "$.last", Next: "Rest" },
      Rest: { Type: "Wait", Seconds: 1, Next: "More?" },
      "More?": { Type: "Choice", Choices: [{ Variable: "$.enough", IsPresent: true, Next: "Done" }], Default: "Count" },
      Done: { Type: "Succeed" },
    },
  };
  const arn = await server.begin("loop", loop, { first: "the input that stays" });
  await open(page, `/default/executions/${arn}?tab=data&state=Count`, true);
  const texts = page.locator(".texts .json").first();
  await texts.selectText();
  const panel = page.getByRole("region", { name: "State Count" });
  const visits = panel.getByText(/^Visit \d+ of \d+$/);
  const before = await visits.textContent();
  await expect(visits).not.toHaveText(before!);
  expect(await page.evaluate(() => getSelection()?.toString())).toContain("the input that stays");
  await server.stop();
});

test("a selection in a state's panel outlives updates", async ({ page, server }) => {
  const more = { Type: "Choice", Choices: [{ Variable: "$.enough", IsPresent: true, Next: "Done" }], Default: "Tick" };
  const ticking = { Tick: { Type: "Wait", Seconds: 1, Next: "More?" }, "More?": more, Done: { Type: "Succeed" } };
  const two = {
    StartAt: "Both",
    States: {
      Both: {
        Type: "Parallel",
        End: true,
        Branches: [
          { StartAt: "Ask", States: { Ask: asks({ "request.$": "$" }) } },
          { StartAt: "Tick", States: ticking },
        ],
      },
    },
  };
  const arn = await server.begin("both", two, { first: "the input that stays" });
  await open(page, `/default/executions/${arn}?state=Ask`, true);
  const panel = page.getByRole("region", { name: "State Ask" });
  await panel.locator(".json").first().selectText();
  const events = page.getByRole("link", { name: /^Events/ });
  const count = await events.textContent();
  await expect(events).not.toHaveText(count!);
  expect(await page.evaluate(() => getSelection()?.toString())).toContain("the input that stays");
  await ready(page, true);
});
