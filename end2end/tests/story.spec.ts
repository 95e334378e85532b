// The main job, as a person does it: see an order workflow run, approve what waits, come back after a restart.
// Runs on a desk, on a phone's width, and without JavaScript.
import { type Page } from "@playwright/test";
import { actAs, eventually, expect, open, ready, test } from "./fixtures";

/** Starts the sample `sample` of a workflow through the form, and stands on the execution's page. */
async function start(page: Page, scripts: boolean, workflow: string, sample: RegExp): Promise<void> {
  await open(page, `/default/workflows/${workflow}`, scripts);
  await page.getByRole("button", { name: sample }).click();
  await expect(page.getByRole("button", { name: sample })).toHaveAttribute("aria-current", "true");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page).toHaveURL(/\/executions\/arn:/);
  await ready(page, scripts);
}

/** Shows the drawing, which has a tab of its own on a phone. */
async function show(page: Page): Promise<void> {
  if (page.viewportSize()!.width < 1041) await page.getByRole("link", { name: "Drawing", exact: true }).click();
}

/** The state `name` in the drawing, with its status in words. */
function state(page: Page, name: string, status: RegExp) {
  return page.getByRole("group", { name: "The execution's course" }).getByRole("link", { name: new RegExp(`^${name}\\b.*${status.source}`, "i") });
}

async function status(page: Page, scripts: boolean, word: string): Promise<void> {
  await eventually(page, scripts, (soon) => soon(page.locator(".page-head .status")).toHaveText(word));
}

/** A comment where it can be seen: a narrow page keeps the list beside it, hidden. */
function said(page: Page, comment: string) {
  return page.getByText(comment).filter({ visible: true }).first();
}

test("a valid order is paid, an invalid one is reported", async ({ page, javaScriptEnabled: scripts }) => {
  await start(page, scripts!, "order", /^A valid order/);
  await status(page, scripts!, "Succeeded");
  await show(page);
  await expect(state(page, "ProcessPayment", /succeeded/)).toBeVisible();
  await expect(state(page, "NotifyFailure", /skipped/)).toBeVisible();

  await start(page, scripts!, "order", /^An invalid order/);
  await status(page, scripts!, "Succeeded");
  await show(page);
  await expect(state(page, "ValidateOrder", /caught/)).toBeVisible();
  await expect(state(page, "NotifyFailure", /succeeded/)).toBeVisible();
  await state(page, "ValidateOrder", /caught/).click();
  const panel = page.getByRole("region", { name: "State ValidateOrder" });
  await expect(panel.getByText("InvalidOrder").first()).toBeVisible();
});

test("one request is approved, another rejected, and both are there after a restart", async ({ page, server, javaScriptEnabled: scripts }) => {
  await start(page, scripts!, "approval", /^A new supplier/);
  const approved = page.url();
  await show(page);
  await eventually(page, scripts!, (soon) => soon(state(page, "WaitForApproval", /waiting/)).toBeVisible());
  await page.getByRole("link", { name: "Review and decide" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Approve Paper from Nordwind Mill?" })).toBeVisible();
  await expect(page.getByText("4200.00 EUR").first()).toBeVisible();
  await ready(page, scripts!);
  await page.getByRole("textbox", { name: "Comment" }).fill("Their paper is good.");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByText(/^Approved by/).first()).toBeVisible();
  await expect(said(page, "Their paper is good.")).toBeVisible();
  const decision = page.url();

  await start(page, scripts!, "approval", /^A refund above/);
  const rejected = page.url();
  await eventually(page, scripts!, (soon) => soon(page.getByRole("link", { name: "Review and decide" })).toBeVisible());
  await page.getByRole("link", { name: "Review and decide" }).click();
  await expect(page.getByRole("button", { name: "Reject", exact: true })).toBeVisible();
  await ready(page, scripts!);
  await page.getByRole("textbox", { name: "Comment" }).fill("One parcel was found.");
  await page.getByRole("button", { name: "Reject", exact: true }).click();
  await expect(page.getByText(/^Rejected by/).first()).toBeVisible();

  await server.stop();
  await server.start();
  await open(page, approved, scripts!);
  await status(page, scripts!, "Succeeded");
  await open(page, rejected, scripts!);
  await status(page, scripts!, "Failed");
  await expect(said(page, "One parcel was found.")).toBeVisible();
  await open(page, decision, scripts!);
  await expect(said(page, "Their paper is good.")).toBeVisible();
  await open(page, "/default/audit", scripts!);
  await expect(said(page, "One parcel was found.")).toBeVisible();
});

test("a large order waits for a person through a restart and is then fulfilled", async ({ page, server, javaScriptEnabled: scripts }) => {
  await start(page, scripts!, "fulfilment", /^A large order/);
  const execution = page.url();
  await eventually(page, scripts!, (soon) => soon(page.getByRole("link", { name: "Review and decide" })).toBeVisible());
  await server.stop();
  await server.start();
  await open(page, execution, scripts!);
  await eventually(page, scripts!, (soon) => soon(page.getByRole("link", { name: "Review and decide" })).toBeVisible());
  await page.getByRole("link", { name: "Review and decide" }).click();
  await ready(page, scripts!);
  // Two people have to approve it, and whoever started it is not one of them.
  const approve = page.getByRole("button", { name: "Approve", exact: true });
  await expect(approve).toBeDisabled();
  for (const [person, shows] of [["omar", /1 of 2 people so far/], ["kenji", /^Approved by Kenji/]] as const) {
    await actAs(page, scripts!, person);
    await approve.click();
    await expect(page.getByText(shows).filter({ visible: true }).first()).toBeVisible();
  }
  await open(page, execution, scripts!);
  await status(page, scripts!, "Succeeded");
});

test("an order that cannot be shipped is refunded and released", async ({ page, javaScriptEnabled: scripts }) => {
  await start(page, scripts!, "fulfilment", /^An address without a street/);
  await status(page, scripts!, "Failed");
  await expect(page.getByText("UndeliverableAddress").first()).toBeVisible();
  await show(page);
  await expect(state(page, "Refund the card", /succeeded/)).toBeVisible();
  await expect(state(page, "Release the stock", /succeeded/)).toBeVisible();
});

test("an input that is not JSON is refused and kept", async ({ page, javaScriptEnabled: scripts }) => {
  await open(page, "/default/workflows/order", scripts!);
  await page.getByRole("textbox", { name: "Input" }).fill('{"orderId": ');
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByText("Nothing was started.", { exact: false })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Input" })).toHaveValue('{"orderId": ');
});

test("an execution is stopped", async ({ page, javaScriptEnabled: scripts }) => {
  await start(page, scripts!, "approval", /^A new supplier/);
  await eventually(page, scripts!, (soon) => soon(page.getByRole("link", { name: "Review and decide" })).toBeVisible());
  await page.locator("summary", { hasText: "Stop" }).click();
  await page.getByLabel("Why do you stop it?").fill("Asked twice.");
  await page.getByRole("button", { name: "Stop the execution" }).click();
  await status(page, scripts!, "Stopped");
});
