// Ways between things: a parent and its child, a visit and its bar, an edited input and the stored one; and going them quickly
// while everything changes.
import { type Page } from "@playwright/test";
import { expect, open, type Server, test } from "./fixtures";

test.use({ demonstration: false, timezoneId: "Asia/Kolkata" });

const roleArn = "arn:aws:iam::000000000000:role/test";

async function api(server: Server, action: string, body: object): Promise<Record<string, string>> {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AWSStepFunctions.${action}` };
  const answer = await fetch(`http://${server.engine}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.ok, action).toBe(true);
  return answer.json();
}

async function machine(server: Server, name: string, definition: object): Promise<string> {
  return (await api(server, "CreateStateMachine", { name, roleArn, definition: JSON.stringify(definition) })).stateMachineArn;
}

async function start(server: Server, stateMachineArn: string, name: string, input: object): Promise<string> {
  return (await api(server, "StartExecution", { stateMachineArn, name, input: JSON.stringify(input) })).executionArn;
}

const choice = (most: number, next: string, otherwise: string) => ({
  Type: "Choice",
  Choices: [{ Variable: "$.n", NumericGreaterThan: most, Next: next }],
  Default: otherwise,
});

/** Counts to `most`, with a pause of a second each time. */
const counts = (most: number) => ({
  StartAt: "Count",
  States: {
    Count: { Type: "Pass", Parameters: { "n.$": "States.MathAdd($.n, 1)" }, Next: "Pause" },
    Pause: { Type: "Wait", Seconds: 1, Next: "Enough?" },
    "Enough?": choice(most - 1, "Done", "Count"),
    Done: { Type: "Pass", End: true },
  },
});

/** An execution that runs another one, which counts for a while. */
async function family(server: Server): Promise<{ parent: string; name: string }> {
  const child = await machine(server, "child", counts(60));
  const run = { Type: "Task", Resource: "arn:aws:states:::states:startExecution.sync:2", End: true };
  const states = { "Run it": { ...run, Parameters: { StateMachineArn: child, Input: { n: 0 } } } };
  const parent = await machine(server, "parent", { StartAt: "Run it", States: states });
  return { parent: await start(server, parent, "family", {}), name: "family" };
}

const path = (arn: string) => `/default/executions/${arn}`;

test("nobody loses the page who goes quickly between parent, child and lists while they run", async ({ page, server }) => {
  const { parent } = await family(server);
  await open(page, `${path(parent)}?state=Run%20it`, true);
  const toChild = page.locator(".state-panel").getByRole("link", { name: /^[0-9a-f-]{36}$/ }).first();
  await expect(toChild).toBeVisible();
  const child = await toChild.getAttribute("href");
  await page.waitForFunction(() => document.querySelector(".when-at")?.textContent?.includes("UTC") === false);
  for (let turn = 0; turn < 8; turn++) {
    await toChild.click();
    // Sometimes it has not arrived yet when somebody goes on.
    if (turn % 2 === 0) await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("family");
    await page.locator(".rail").getByRole("link", { name: "Executions" }).click();
    if (turn % 3 === 0) await expect(page.locator(".executions-table")).toBeVisible();
    await page.goBack();
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("family");
    await page.locator(".workbench nav.tabs").getByRole("link", { name: turn % 2 ? "Timeline" : "Events" }).last().click();
    await expect(toChild).toBeVisible();
  }
  // It still follows the stream: the child's page counts on.
  await toChild.click();
  await expect(page).toHaveURL(new RegExp(`${child?.slice(-36)}`));
  const events = page.locator(".gauge");
  const before = await events.textContent();
  await expect(events).not.toHaveText(before ?? "");
});

test("a bar leads to exactly its visit, and the visit to its bar and its events", async ({ page, server }) => {
  const loop = await machine(server, "loop", counts(4));
  const arn = await start(server, loop, "four", { n: 0 });
  await open(page, `${path(arn)}?tab=timeline`, true);
  await expect(page.locator(".status").first()).toContainText("Succeeded");
  const row = page.locator(".lane", { hasText: "Pause" });
  await expect(row.locator("[data-visit]")).toHaveCount(4);
  await row.locator('[data-visit="3"]').click();
  await expect(page).toHaveURL(/state=Pause.*visit=3|visit=3.*state=Pause/);
  await expect(page).toHaveURL(/tab=timeline/);
  await expect(page.locator(".state-panel .pager")).toContainText("Visit 3 of 4");
  await expect(row.locator("[data-chosen]")).toHaveAttribute("data-visit", "3");
  await page.getByRole("link", { name: "Its events" }).click();
  await expect(page).toHaveURL(/tab=events.*visit=3|visit=3.*tab=events/);
  await expect(page.locator(".event-details")).toContainText("WaitStateEntered");
  await expect(page.locator(".state-panel .pager")).toContainText("Visit 3 of 4");
  await page.locator(".event-details .facts").getByRole("link", { name: "Pause" }).click();
  await expect(page).toHaveURL(/tab=events/);
  await expect(page.locator(".state-panel .pager")).toContainText("Visit 3 of 4");
  await page.getByRole("link", { name: "In the timeline" }).click();
  await expect(page).toHaveURL(/tab=timeline/);
  await expect(page.locator(".lane", { hasText: "Pause" }).locator("[data-chosen]")).toHaveAttribute("data-visit", "3");
  // Another state has visits of its own.
  await page.locator(".lane-link", { hasText: "Count" }).click();
  await expect(page).not.toHaveURL(/visit=/);
});

test("whoever starts again sees how the input differs from the stored one", async ({ page, server }) => {
  const arn = await start(server, await machine(server, "loop", counts(1)), "once", { n: 0, note: "as stored" });
  await open(page, path(arn), true);
  await page.getByRole("link", { name: "Start again" }).click();
  const input = page.getByRole("textbox", { name: "Input" });
  await expect(input).toHaveValue(/as stored/);
  await page.getByRole("button", { name: "Compare with the stored input" }).click();
  await expect(page.getByText("The input is the stored one.")).toBeVisible();
  await input.fill('{"n": 0, "note": "another"}');
  await page.getByRole("button", { name: "Compare with the stored input" }).click();
  await expect(page.locator(".diff .added")).toContainText("another");
  await expect(page.locator(".diff .removed")).toContainText("as stored");
  await expect(input).toHaveValue(/another/);
});

test("lists and pages show times in the reader's zone, and nothing moves when they do", async ({ page, server }) => {
  const arn = await start(server, await machine(server, "loop", counts(1)), "once", { n: 0 });
  const shown = (of: Page) => of.locator(".col-started .moment").first();
  const context = await page.context().browser()?.newContext({ javaScriptEnabled: false, viewport: page.viewportSize() });
  const plain = await context!.newPage();
  await expect(async () => {
    await plain.goto(`${server.url}/default/executions`);
    await expect(shown(plain)).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/, { timeout: 500 });
  }).toPass();
  const [utc, place] = [await shown(plain).textContent(), await plain.locator("td.col-took").first().boundingBox()];
  await open(page, "/default/executions", true);
  await expect(shown(page)).not.toContainText("UTC");
  const local = await shown(page).textContent();
  const ms = (text: string | null) => Date.parse(`${text?.slice(0, 10)}T${text?.slice(11, 19)}Z`);
  expect(ms(local) - ms(utc)).toBe(5.5 * 3_600_000);
  expect((await page.locator("td.col-took").first().boundingBox())?.x).toBe(place?.x);
  for (const [where, what] of [["/default", ".workflow-deployed .when-at"], ["/default/audit", ".when-at"], [path(arn), ".facts .when-at"]] as const) {
    await open(page, where, true);
    const at = page.locator(what).first();
    if (where !== "/default/audit") await expect(at).not.toContainText("UTC");
  }
  await context!.close();
});

test("a bar of the list, and the time that it chooses, are in the reader's zone", async ({ page, server }) => {
  await start(server, await machine(server, "once", counts(1)), "first", { n: 0 });
  await open(page, "/default/executions", true);
  const bar = page.locator(".histogram a").last();
  await expect(bar).toHaveAttribute("aria-label", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d to (?!.*UTC)/);
  // The address is in UTC, the same for everybody.
  const { href, label } = await bar.evaluate((bar: HTMLAnchorElement) => ({ href: bar.href, label: bar.ariaLabel! }));
  const from = new URL(href).searchParams.get("time")!.split("..")[0];
  const local = new Date(Date.parse(`${from}Z`) + 5.5 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");
  expect(label.startsWith(`${local} to`), `${label}: ${local}`).toBe(true);
  await page.goto(href);
  await expect(page.getByRole("combobox", { name: "Started" }).locator("option:checked")).toHaveText(new RegExp(`^${local} to`));
});
