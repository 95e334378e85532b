// Every page is complete HTML for a client without JavaScript, drawing included.
import { expect, test } from "./fixtures";

const PAGES: [path: string, heading: RegExp][] = [
  ["/", /Overview/],
  ["/workflows", /Workflows/],
  ["/workflows/fulfilment", /fulfilment/],
  ["/executions", /Executions/],
  ["/inbox", /Inbox/],
  ["/deploy", /Deploy/],
  ["/audit", /./],
];

test("every page is complete without scripts", async ({ page }) => {
  for (const [path, heading] of PAGES) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(200);
    await expect(page.getByRole("heading", { level: 1 }).first()).toHaveText(heading);
  }
});

test("a workflow's drawing names its states", async ({ page }) => {
  await page.goto("/workflows/order");
  const drawing = page.getByRole("group", { name: "Drawing of order" });
  await expect(drawing.getByRole("link", { name: /ValidateOrder/ })).toBeVisible();
  await expect(drawing.getByRole("link", { name: /NotifyFailure/ })).toBeVisible();
});

test("what does not exist says so", async ({ page }) => {
  const answer = await page.goto("/no-such-page");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("the acting person is chosen with a button", async ({ page }) => {
  await page.goto("/inbox");
  const choice = page.getByLabel("Acting as");
  const other = await choice.locator("option:not([selected])").first().getAttribute("value");
  await choice.selectOption(other);
  await page.getByRole("button", { name: "Act", exact: true }).click();
  await expect(page).toHaveURL(/\/inbox$/);
  await expect(page.getByLabel("Acting as")).toHaveValue(other!);
});
