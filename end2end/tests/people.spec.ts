// People sign in: the first administrator, the pages behind the name, and what is there for nobody else.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, Server, test as plain } from "./fixtures";

const test = plain.extend<object>({
  server: async ({}, use) => {
    const server = new Server(["--no-demo", "--sign-in"]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
  },
});

const password = "correct horse battery";

test("the first administrator is made with the link of the terminal, and signs in and out", async ({ page, server, javaScriptEnabled: scripts }) => {
  await page.goto("/default/inbox");
  await expect(page).toHaveURL(/\/sign-in\?to=%2Fdefault%2Finbox$/);
  await page.goto(server.said(/\/welcome\?code=[0-9a-f]{64}/));
  await page.getByLabel("User name").fill("dana");
  await page.getByLabel("Your name").fill("Dana Whitfield");
  await page.getByLabel("Password, 12").fill(password);
  await page.getByLabel("The same again").fill(password);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.goto("/default/inbox");
  await page.getByLabel("User name").fill("dana");
  await page.getByLabel("Password").fill("not the password");
  await page.getByLabel("Password").press("Enter");
  await expect(page.getByRole("alert")).toContainText("The user name or the password is wrong.");
  await expect(page.getByLabel("User name")).toHaveValue("dana");
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Password").press("Enter");
  await expect(page).toHaveURL(/\/default\/inbox$/);
  const menu = page.getByRole("banner").locator("details.account");
  await expect(menu.locator("summary")).toContainText("Dana Whitfield");
  await expect(page.getByText("anyone at this machine")).toHaveCount(0);

  await menu.locator("summary").click();
  await menu.getByRole("link", { name: "Account and sessions" }).click();
  await expect(page.getByRole("heading", { name: "Account" })).toBeVisible();
  await page.getByText("Make an API token").click();
  await page.getByLabel("Name", { exact: true }).fill("CI");
  await page.getByRole("button", { name: "Make a token" }).click();
  const token = await page.locator("code.secret").innerText();
  expect(token).toMatch(/^cst_[0-9a-f]{64}$/);
  const without = await fetch(`${server.url}/live`);
  expect(without.status).toBe(401);
  const stop = new AbortController();
  const live = await fetch(`${server.url}/live`, { headers: { authorization: `Bearer ${token}` }, signal: stop.signal });
  expect(live.status).toBe(200);
  stop.abort();

  await page.goto("/default/inbox");
  if (scripts) await expect(page.locator(".live-dot")).toHaveText("Live");
  await menu.locator("summary").click();
  await menu.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto("/default/inbox");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("the pages of people are accessible, light and dark", async ({ page, server, javaScriptEnabled: scripts }) => {
  test.skip(!scripts, "axe needs scripts");
  const welcome = server.said(/\/welcome\?code=[0-9a-f]{64}/);
  const look = async (name: string) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const found = await new AxeBuilder({ page }).analyze();
      const reported = found.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `    ${node.html}`).join("\n")}`);
      expect.soft(reported, `${name}, ${colorScheme}`).toEqual([]);
      if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}-${colorScheme}-${page.viewportSize()!.width}.png`, fullPage: true });
    }
  };
  await page.goto(welcome);
  await look("first-administrator");
  await page.getByLabel("User name").fill("dana");
  await page.getByLabel("Your name").fill("Dana Whitfield");
  await page.getByLabel("Password, 12").fill("short");
  await page.getByLabel("The same again").fill("short");
  await page.getByRole("button", { name: "Save" }).click();
  await look("first-administrator-refused");
  await page.getByLabel("Password, 12").fill(password);
  await page.getByLabel("The same again").fill(password);
  await page.getByRole("button", { name: "Save" }).click();
  await look("sign-in");
  await page.getByLabel("User name").fill("dana");
  await page.getByLabel("Password").fill("wrong");
  await page.getByLabel("Password").press("Enter");
  await look("sign-in-refused");
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Password").press("Enter");
  await expect(page.locator("details.account")).toBeVisible();
  await page.locator("details.account summary").click();
  await look("menu");
  await page.goto("/account");
  await page.getByText("Make an API token").click();
  await page.getByLabel("Name", { exact: true }).fill("CI");
  await page.getByRole("button", { name: "Make a token" }).click();
  await look("account");
  await page.goto("/users");
  await page.getByText("Add a user").click();
  await page.getByLabel("User name").fill("omar");
  await page.getByLabel("Name, as others").fill("Omar Haddad");
  await page.locator("form", { hasText: "Add and make" }).getByLabel("Groups").fill("approvers, finance");
  await page.getByRole("button", { name: "Add and make a link" }).click();
  await look("users");
});
