// No page breaks a rule that a machine can check: roles, names, landmarks, order of headings, contrast; in both themes.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, open, ready, test } from "./fixtures";

for (const theme of ["light", "dark"] as const) {
  test(`every page is accessible, ${theme}`, async ({ page }) => {
    test.setTimeout(360_000);
    await open(page, "/default/workflows/fulfilment", true);
    await page.getByRole("button", { name: /^A large order/ }).click();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("link", { name: "Review and decide" }).waitFor();
    const execution = page.url();
    await page.getByRole("link", { name: "Review and decide" }).click();
    await ready(page, true);
    const request = page.url();
    await open(page, "/default/inbox", true);

    const places = [
      "/default", "/default/workflows", "/default/workflows/fulfilment", "/default/workflows/order?tab=definition", "/default/executions", "/default/executions?q=total%3E", "/default/executions?q=total%3E5&time=24h", "/default/inbox", "/default/deploy", "/default/audit", "/default/connection", "/default/search?q=ful",
      "/default/audit?kind=everything", "/default/inbox?part=forgotten",
      execution, `${execution}?tab=events`, `${execution}?tab=events&grouped=1&event=2`, `${execution}?tab=data`, `${execution}?tab=definition`,
      `${execution}?as=list`, `${execution}?part=stages`, `${execution}?part=difference`, `${execution}?part=definition`, request,
      "/default/workflows/absent", "/default/executions/absent",
    ];
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    // A theme changes colours, and nothing else.
    const colours = ["color-contrast", "link-in-text-block"];
    for (const place of places) {
      await page.goto(place);
      await ready(page, true);
      const axe = new AxeBuilder({ page });
      const found = await (theme === "light" ? axe : axe.withRules(colours)).analyze();
      const reported = found.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `    ${node.html}`).join("\n")}`);
      expect.soft(reported, place).toEqual([]);
    }
  });
}
