// A request that is due decides itself by its rule, while somebody looks at it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, asks, eventually, expect, open, openRequest, ready, test as plain } from "./fixtures";

const RULES = `
[workflows.short]
file = "short.asl.json"
[workflows.short.approvals.Ask]
due = "20s"
on_due = "reject"
`;

const test = plain.extend<object>({
  server: async ({}, use) => {
    const definitions = mkdtempSync(join(tmpdir(), "countersign-due-"));
    writeFileSync(join(definitions, "countersign.toml"), RULES);
    const server = new Server(["--no-demo", "--definitions", definitions]);
    await server.start();
    await use(server);
    await server.stop();
    server.remove();
    rmSync(definitions, { recursive: true, force: true });
  },
});

test("a request that nobody decides in time is decided by its rule", async ({ page, server, javaScriptEnabled: scripts }) => {
  const arn = await server.begin("short", { StartAt: "Ask", States: { Ask: asks({ title: "Pay in time?" }) } });
  await open(page, "/default/inbox", scripts!);
  await eventually(page, scripts!, (soon) => soon(page.getByRole("link", { name: /short · / })).toBeVisible());
  await openRequest(page, "short");
  await ready(page, scripts!);
  // It says beforehand what happens, and when.
  await expect(page.getByRole("region", { name: "Who decides" })).toContainText("The rule chooses “Reject”");
  await expect(page.locator(".approval .due").first()).toContainText(/due in \d+ s/);
  const outcome = page.getByText(/^Rejected by Countersign/).filter({ visible: true });
  await eventually(page, scripts!, (soon) => soon(outcome.first()).toBeVisible());
  await expect(page.getByRole("button", { name: "Approve", exact: true })).toHaveCount(0);
  // The execution went on with that answer, and the record says whose it was.
  await open(page, `/default/executions/${arn}`, scripts!);
  await eventually(page, scripts!, (soon) => soon(page.locator(".page-head .status")).toHaveText("Failed"));
  await open(page, "/default/audit?kind=decisions", scripts!);
  await expect(page.locator(".decisions > li").first()).toContainText("Countersign");
});
