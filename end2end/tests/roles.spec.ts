// What a role may not do is disabled, with the reason and whom to ask; another person gets another document.
import { AxeBuilder } from "@axe-core/playwright";
import { actAs, expect, open, ready, test } from "./fixtures";

test.use({ demonstration: false });

test("who may only approve starts, stops and deploys nothing, and reads why", async ({ page, javaScriptEnabled: scripts }) => {
  await open(page, "/default/workflows", scripts!);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.goto("/default/deploy");
  await ready(page, scripts!);
  await expect(page.getByRole("button", { name: "Deploy all changes" })).toBeEnabled();
  await actAs(page, scripts!, "kenji");
  const all = page.getByRole("button", { name: "Deploy all changes" });
  await expect(all).toBeDisabled();
  await expect(all).toHaveAccessibleDescription(/You may not deploy here: no policy permits it\. Ask Dana Whitfield or Omar Haddad/);
  if (!scripts) return;
  // In the header, too: the page is drawn anew for the one who acts.
  await page.getByLabel("Acting as").selectOption("omar");
  await expect(page.getByRole("button", { name: "Deploy all changes" })).toBeEnabled();
  await actAs(page, scripts, "kenji");
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const found = await new AxeBuilder({ page }).analyze();
    expect.soft(found.violations.map((one) => one.id), theme).toEqual([]);
  }
});
