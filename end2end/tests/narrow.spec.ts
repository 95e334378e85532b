// On a phone no page is wider than the screen.
import { expect, open, test } from "./fixtures";

test("no page scrolls sideways", async ({ page }) => {
  for (const path of ["/default", "/default/workflows", "/default/workflows/fulfilment", "/default/executions", "/default/inbox", "/default/deploy", "/default/audit", "/default/connection"]) {
    await open(page, path, true);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(beyond, `${path} is wider than the screen`).toBeLessThanOrEqual(0);
  }
});
