// The keyboard's place: where a link or a decision leads, and never nowhere.
import { type Page } from "@playwright/test";
import { asks, expect, open, openRequest, test } from "./fixtures";

/** Asks by a topic, which costs no process each. */
const published = {
  Type: "Task",
  Resource: "arn:aws:states:::sns:publish.waitForTaskToken",
  Parameters: {
    TopicArn: "arn:aws:sns:us-east-1:000000000000:questions",
    Message: { "taskToken.$": "$$.Task.Token", "item.$": "$" },
  },
  TimeoutSeconds: 3_600,
  End: true,
};
/** Forty requests of one Map. */
const many = {
  StartAt: "Each",
  States: {
    Each: {
      Type: "Map",
      ItemsPath: "$.items",
      ItemProcessor: { StartAt: "Ask", States: { Ask: published } },
      End: true,
    },
  },
};
const items = Array.from({ length: 40 }, (_, index) => ({ order: index + 1 }));

/** Makes a topic in the engine. */
async function makeTopic(engine: string, name: string): Promise<void> {
  const body = new URLSearchParams({ Action: "CreateTopic", Version: "2010-03-31", Name: name });
  const answer = await fetch(`http://${engine}`, { method: "POST", body });
  expect(answer.status).toBe(200);
}

/** Which element has the keyboard's place. */
async function place(page: Page): Promise<string> {
  return page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.id}`);
}

test("the skip link leads to the page, with scripts too", async ({ page }) => {
  await open(page, "/default/workflows", true);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => !!document.activeElement?.closest("main"))).toBe(true);
});

test("a link to another page takes the keyboard along", async ({ page }) => {
  await open(page, "/default/workflows", true);
  await page.getByRole("link", { name: "approval", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "approval" })).toBeVisible();
  await expect.poll(() => place(page)).toBe("MAIN main");
});

test.describe("without the demonstration, whose requests would move the list", () => {
  test.use({ demonstration: false });

  test("a request is opened, decided and followed by the next one", async ({ page, server }) => {
    await makeTopic(server.engine, "questions");
    await server.begin("many", many, { items });
    await open(page, "/default/inbox", true);
    const rows = page.locator(".request").filter({ hasText: "many · " });
    await expect(rows).toHaveCount(40, { timeout: 60_000 });
    const chosen = rows.nth(30);
    const next = (await rows.nth(31).getAttribute("href"))!;
    await chosen.scrollIntoViewIfNeeded();
    const before = await page.evaluate(() => window.scrollY);
    expect(before).toBeGreaterThan(500);
    await chosen.click();
    await expect(page).toHaveURL(/\/inbox\/arn/);
    await expect.poll(() => place(page)).toBe("H1 request");
    // A scroll place is rounded to whole pixels each time it is asked for.
    expect(Math.abs((await page.evaluate(() => window.scrollY)) - before)).toBeLessThanOrEqual(1);
    await expect(rows.nth(30)).toHaveAttribute("aria-current", "true");
    // From there the comment is a few stops away.
    for (let stops = 0; stops < 8; stops++) {
      await page.keyboard.press("Tab");
      if ((await place(page)).startsWith("TEXTAREA")) break;
    }
    await expect(page.getByLabel("Comment")).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("button", { name: "Reject", exact: true })).toBeFocused();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect(page.getByText(/^Approved by/).first()).toBeVisible();
    await expect.poll(() => place(page)).toBe("DIV outcome");
    const onward = page.getByRole("link", { name: "Next request" });
    await expect(onward).toHaveAttribute("href", next);
    await onward.click();
    await expect(page).toHaveURL(new RegExp(`${next.split("/").pop()}$`));
    await expect.poll(() => place(page)).toBe("H1 request");
  });
});

test("a refused decision leaves the keyboard at its button", async ({ page, server }) => {
  await server.begin("one", { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } });
  await open(page, "/default/inbox", true);
  await openRequest(page, "one");
  await expect.poll(() => place(page)).toBe("H1 request");
  await page.route("**/api/decide", (route) => route.abort());
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByRole("article").getByRole("alert")).toBeVisible();
  await expect(page.getByRole("button", { name: "Approve", exact: true })).toBeFocused();
});

test("the places are gone through in the order in which they are seen", async ({ page }) => {
  await open(page, "/", true);
  const tops = await page.getByRole("navigation", { name: "Main" }).getByRole("link").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  expect(tops).toHaveLength(6);
  expect(tops).toEqual([...tops].sort((one, other) => one - other));
});
