// Every page is complete HTML for a client without JavaScript, drawing included.
import { asks, eventually, expect, openRequest, test } from "./fixtures";

const PAGES: [path: string, heading: RegExp][] = [
  ["/default", /Overview/],
  ["/default/workflows", /Workflows/],
  ["/default/workflows/fulfilment", /fulfilment/],
  ["/default/executions", /Executions/],
  ["/default/inbox", /Inbox/],
  ["/default/deploy", /Deploy/],
  ["/default/audit", /./],
  ["/default/connection", /Connection default/],
];

test("every page is complete without scripts", async ({ page }) => {
  for (const [path, heading] of PAGES) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(200);
    await expect(page.getByRole("heading", { level: 1 }).first()).toHaveText(heading);
  }
});

test("a workflow's drawing names its states", async ({ page }) => {
  await page.goto("/default/workflows/order");
  const drawing = page.getByRole("group", { name: "Drawing of order" });
  await expect(drawing.getByRole("link", { name: /ValidateOrder/ })).toBeVisible();
  await expect(drawing.getByRole("link", { name: /NotifyFailure/ })).toBeVisible();
});

test("what does not exist says so", async ({ page }) => {
  const answer = await page.goto("/default/no-such-page");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("the acting person is chosen with a button", async ({ page }) => {
  await page.goto("/default/inbox");
  const choice = page.getByLabel("Acting as");
  const other = await choice.locator("option:not([selected])").first().getAttribute("value");
  await choice.selectOption(other);
  await page.getByRole("button", { name: "Act", exact: true }).click();
  await expect(page).toHaveURL(/\/inbox$/);
  await expect(page.getByLabel("Acting as")).toHaveValue(other!);
});

test("a tab and a state of a link are where the page begins", async ({ page }) => {
  await page.setViewportSize({ width: 1200, height: 600 });
  await page.goto("/default/workflows/fulfilment");
  await page.getByRole("link", { name: "Definition" }).click();
  await expect(page.locator(".definition")).toBeInViewport();
  await page.getByRole("group", { name: "Drawing of fulfilment" }).getByRole("link", { name: /^Validate the order/ }).click();
  const panel = page.getByRole("region", { name: /^State / });
  await expect(panel).toBeInViewport();
  await expect(panel).toContainText('"Type"');
});

test("a comment that is too long comes back whole", async ({ page, server }) => {
  await server.begin("one", { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } });
  await page.goto("/default/inbox");
  await eventually(page, false, (soon) => soon(page.getByRole("link", { name: /one · / })).toBeVisible());
  await openRequest(page, "one");
  const long = "x".repeat(2_346);
  await page.getByLabel("Comment").fill(long);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByText("2346 characters").first()).toBeVisible();
  await expect(page.getByLabel("Comment")).toHaveValue(long);
});

test("a sample asks before it replaces what was typed, without scripts too", async ({ page }) => {
  await page.goto("/default/workflows/approval");
  const input = page.getByRole("textbox", { name: "Input" });
  const name = page.getByRole("textbox", { name: /^Name/ });
  const samples = page.getByRole("group", { name: "Samples" }).getByRole("button");
  // A sample takes the place of another one; the name stays.
  const first = await input.inputValue();
  await name.fill("my-name");
  await samples.nth(1).click();
  await expect(page).toHaveURL(/\/workflows\/approval\?sample=1/);
  await expect(samples.nth(1)).toHaveAttribute("aria-current", "true");
  await expect(input).not.toHaveValue(first);
  await expect(name).toHaveValue("my-name");
  // What somebody typed stays until they say so.
  await input.fill('{"mine": 1}');
  await samples.nth(0).click();
  await expect(page.getByText("Replace the input that you typed with this sample?")).toBeVisible();
  await expect(input).toHaveValue('{"mine": 1}');
  await expect(name).toHaveValue("my-name");
  await page.getByRole("button", { name: "Replace it" }).click();
  await expect(input).toHaveValue(first);
  await expect(name).toHaveValue("my-name");
  await expect(page.getByText("Replace the input that you typed")).toHaveCount(0);
  // The address of a sample still opens it.
  await page.goto("/default/workflows/approval?sample=1");
  await expect(samples.nth(1)).toHaveAttribute("aria-current", "true");
});

test("Enter in the name starts what was typed, without scripts too", async ({ page }) => {
  await page.goto("/default/workflows/approval");
  await page.getByRole("textbox", { name: "Input" }).fill('{"title": "Mine", "amount": 7}');
  await page.getByRole("textbox", { name: /^Name/ }).fill("typed-name");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/executions\/arn:.*typed-name/);
});
