// The README's pictures, in both themes: `make pictures`.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, open, ready, test } from "./fixtures";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../docs/pictures");

test("pictures", async ({ page }) => {
  test.setTimeout(180_000);
  await open(page, "/default/workflows/fulfilment", true);
  await page.getByRole("button", { name: /^A large order/ }).click();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByRole("link", { name: "Review and decide" })).toBeVisible();
  const execution = page.url();
  await open(page, "/default/workflows/fulfilment", true);
  await page.getByRole("button", { name: /^An address without/ }).click();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await ready(page, true);
  await expect(page.locator(".page-head .status")).toHaveText("Failed");
  const failed = page.url();

  const places: [string, string][] = [
    ["overview", "/default"],
    ["workflows", "/default/workflows"],
    ["workflow", "/default/workflows/order"],
    ["execution", execution],
    ["compensated", failed],
    ["inbox", "/default/inbox"],
    ["deploy", "/default/deploy"],
  ];
  for (const theme of ["light", "dark"] as const) {
    for (const [name, path] of places) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width: 1440, height: 900 });
      await open(page, path, true);
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`), animations: "disabled" });
      if (["overview", "execution", "inbox"].includes(name)) {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.screenshot({ path: join(folder, `${name}-phone-${theme}.png`), animations: "disabled" });
      }
    }
  }
});
