// The site below a path of a host that has others, behind a proxy with TLS that passes everything on as it is.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server as Proxy } from "node:https";
import { join } from "node:path";
import { expect, freePort, project, ready, Server, test as plain } from "./fixtures";

const PATH = "/tools/approvals";
const password = "correct horse battery";

/** What the proxy refuses to know: everything that is not below the path. */
type Site = { origin: string; server: Server; outside: string[] };

const test = plain.extend<{ site: Site }>({
  ignoreHTTPSErrors: true,
  site: async ({}, use) => {
    const port = await freePort();
    const origin = `https://localhost:${port}`;
    const server = new Server(["--sign-in", "--public-url", `${origin}${PATH}`]);
    const outside: string[] = [];
    const file = (name: string) => readFileSync(join(project, "crates/local/tests/router/tls", name));
    const proxy: Proxy = createServer({ cert: file("certificate.pem"), key: file("key.pem") }, (asked, answer) => {
      if (!asked.url!.startsWith(`${PATH}/`) && asked.url !== PATH) outside.push(asked.url!);
      const to = new URL(asked.url!, server.url);
      const passed = request(to, { method: asked.method, headers: asked.headers }, (got) => {
        answer.writeHead(got.statusCode!, got.headers);
        got.pipe(answer);
      });
      passed.on("error", () => answer.destroy());
      answer.on("close", () => passed.destroy());
      asked.pipe(passed);
    });
    await new Promise<void>((ready) => proxy.listen(port, "127.0.0.1", ready));
    await server.start();
    await use({ origin, server, outside });
    await server.stop();
    proxy.closeAllConnections();
    proxy.close();
    server.remove();
  },
});

test("a site below a path is used as any other", async ({ page, site, javaScriptEnabled: scripts }) => {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto(site.origin);
  await expect(page).toHaveURL(new RegExp(`${PATH}/sign-in\\?to=`));
  await page.goto(site.server.said(/https:\/\/localhost\S+\/welcome\?code=[0-9a-f]{64}/));
  await page.getByLabel("User name").fill("dana");
  await page.getByLabel("Your name").fill("Dana Whitfield");
  await page.getByLabel("Password, 12").fill(password);
  await page.getByLabel("The same again").fill(password);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByLabel("User name").fill("dana");
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Password").press("Enter");

  await expect(page).toHaveURL(`${site.origin}${PATH}/default`);
  await ready(page, scripts!);
  const rail = page.getByRole("navigation", { name: "Main" });
  for (const name of ["Workflows", "Executions", "Deploy", "Inbox"]) {
    await rail.getByRole("link", { name }).click();
    await expect(page).toHaveURL(new RegExp(`${PATH}/default/${name.toLowerCase()}$`));
    await expect(rail.getByRole("link", { name })).toHaveAttribute("aria-current", "page");
    await expect(page.locator("#main h1").first()).toBeVisible();
  }

  // A form of the page, and the page that it leads to.
  await page.goto(`${site.origin}${PATH}/default/workflows/approval`);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${PATH}/default/executions/arn:`));
  await expect(page.getByText("WaitForApproval").first()).toBeVisible();
  if (scripts) {
    // Keys do something only once the page has its scripts.
    await ready(page, scripts!);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("fulfil");
    await expect(page.getByRole("option").first()).toContainText("fulfilment");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(`${PATH}/default/workflows/fulfilment`));
    await page.goBack();
    await expect(page.getByText("WaitForApproval").first()).toBeVisible();
  }
  await page.getByRole("banner").locator("details.account summary").click();
  await page.getByRole("link", { name: "Account and sessions" }).click();
  await expect(page).toHaveURL(`${site.origin}${PATH}/account`);
  await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await expect(page).toHaveURL(`${site.origin}${PATH}/sign-in`);

  expect(problems).toEqual([]);
  expect(site.outside.filter((path) => path !== "/")).toEqual([]);
});
