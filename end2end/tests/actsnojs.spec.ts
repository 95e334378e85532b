// What people do, where no scripts run.
import { PATIENCE, expect, test } from "./fixtures";

test.use({ demonstration: false });

const asks = { StartAt: "Give up", States: { "Give up": { Type: "Fail", Error: "No" } } };

test("search, start with a mistake, and redrive are plain forms", async ({ page, server }) => {
  const arn = await server.begin("gives-up", asks, { a: 1 });
  await page.goto("/default");
  await page.getByRole("link", { name: /^Search/ }).click();
  await page.getByRole("searchbox", { name: /Workflow, execution/ }).fill("gives");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("#found").getByRole("link", { name: /^Workflow gives-up/ }).click();
  const input = page.getByRole("textbox", { name: "Input" });
  await input.fill('{"a": }');
  await page.getByRole("button", { name: "Start", exact: true }).last().click();
  await expect(page.locator(".input-mistake")).toContainText("Line 1, column 7");
  await expect(input).toHaveValue('{"a": }');
  await expect(async () => {
    await page.goto(`/default/executions/${arn}`);
    await page.locator("#redrive > summary").click({ timeout: 1_000 });
  }).toPass({ timeout: PATIENCE });
  await expect(page.locator("#redrive")).toContainText("It ended in the Fail state Give up");
  await page.getByRole("button", { name: "Redrive the execution" }).click();
  await expect(page.locator(".page-head .facts")).toContainText("redriven");
});
