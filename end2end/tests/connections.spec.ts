// Several connections: the switcher in the header, what a read-only connection refuses, and the page of a connection.
import { AxeBuilder } from "@axe-core/playwright";
import { asks, Engine, expect, open, ready, Server, test as plain } from "./fixtures";

const test = plain.extend<{ engine: Engine }>({
  engine: async ({}, use) => {
    const engine = new Engine();
    await engine.start();
    await use(engine);
    await engine.stop();
    engine.remove();
  },
  server: async ({ engine }, use) => {
    const production = `name=prod,label=Production,colour=red,read-only,endpoint=${engine.url}`;
    const server = new Server(["--no-demo", "--connection", production]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
  },
});

const ask = { StartAt: "Ask", States: { Ask: asks({ amount: 5 }) } };

test("the switcher leads to another connection and says which one this is", async ({ page, javaScriptEnabled: scripts }) => {
  await open(page, "/default/executions", scripts!);
  const header = page.getByRole("banner");
  await expect(header.locator("summary")).toContainText("Embedded engine");
  // By the keyboard alone: the list is opened, left, opened again, and followed.
  await header.locator("summary").focus();
  await page.keyboard.press("Enter");
  const list = page.getByRole("navigation", { name: "Connections" });
  const production = list.getByRole("link", { name: /Production/ });
  await expect(production).toBeVisible();
  await expect(production).toContainText("read-only");
  await expect(list.getByRole("link", { name: /Embedded engine/ })).toHaveAttribute("aria-current", "true");
  if (scripts) {
    await page.keyboard.press("Escape");
    await expect(production).toBeHidden();
    await expect(header.locator("summary")).toBeFocused();
    await page.keyboard.press("Enter");
  }
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(production).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/prod\/executions$/);
  await ready(page, scripts!);
  await expect(header.locator("summary")).toContainText("Production");
  await expect(header.locator("summary")).toContainText("read-only");
  await expect(page.locator(".connection-line")).toHaveAttribute("data-colour", "red");
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Workflows" })).toHaveAttribute("href", "/prod/workflows");
});

test("a read-only connection disables what acts, and says why", async ({ page, engine, javaScriptEnabled: scripts }) => {
  const arn = await engine.begin("ask", ask);
  await expect(async () => {
    await page.goto(`/prod/executions/${arn}`);
    await expect(page.getByRole("link", { name: "Review and decide" })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expect(page.getByText("This connection is read-only")).toBeVisible();
  for (const name of ["Stop", "Start again"]) await expect(page.getByRole("button", { name, exact: true })).toBeDisabled();
  await page.getByRole("link", { name: "Review and decide" }).click();
  await ready(page, scripts!);
  for (const name of ["Approve", "Reject"]) await expect(page.getByRole("button", { name, exact: true })).toBeDisabled();
  await page.goto("/prod/workflows/ask");
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toHaveAccessibleDescription(/read-only/);
});

test("the page of a connection and the open switcher are accessible, light and dark", async ({ page, javaScriptEnabled: scripts }) => {
  test.skip(!scripts, "axe is a script");
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await open(page, "/prod/connection", true);
    await expect(page.getByRole("heading", { level: 1, name: "Connection prod" })).toBeVisible();
    await expect(page.getByRole("row", { name: /states:ListStateMachines/ })).toBeVisible();
    await page.getByRole("banner").locator("summary").click();
    const found = await new AxeBuilder({ page }).analyze();
    const reported = found.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `    ${node.html}`).join("\n")}`);
    expect.soft(reported, theme).toEqual([]);
    // Nothing is wider than the window.
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  }
});

test("an unknown connection is a page with links to those there are", async ({ page }) => {
  const answer = await page.goto("/nowhere/inbox");
  expect(answer?.status()).toBe(404);
  await page.getByRole("link", { name: "Production" }).click();
  await expect(page).toHaveURL(/\/prod$/);
});
