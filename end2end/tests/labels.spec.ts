// Every text of a drawing can be read whole: on it, in its tooltip and in the panel.
import { type Page } from "@playwright/test";
import { expect, open, test } from "./fixtures";

const condition = (value: string) => ({ Variable: "$.transcription.job.detail.Status", StringEquals: value, Next: value });
const definition = {
  StartAt: "Which of the two transcription jobs has come to its end by now?",
  States: {
    "Which of the two transcription jobs has come to its end by now?": {
      Type: "Choice",
      Choices: [condition("COMPLETED"), condition("COMPLETED_WITH_WARNINGS"), condition("FAILED")],
      Default: "Ask",
    },
    COMPLETED: { Type: "Succeed" },
    COMPLETED_WITH_WARNINGS: { Type: "Succeed" },
    FAILED: { Type: "Fail" },
    Ask: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:bedrockagentruntime:retrieveAndGenerateStream",
      Parameters: {},
      Catch: [{ ErrorEquals: ["BedrockAgentRuntime.DependencyFailedException", "States.Timeout"], Next: "FAILED" }],
      Next: "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    },
    WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW: { Type: "Pass", Next: "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii" },
    iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii: { Type: "Wait", Seconds: 3_600, End: true },
  },
};

/** Texts of the drawing that stick out of their boxes. */
async function outside(page: Page): Promise<string[]> {
  await page.evaluate(() => document.fonts.ready);
  return page.evaluate(() =>
    [...document.querySelectorAll(".graph .node")].flatMap((node) => {
      const box = node.querySelector("rect")!.getBoundingClientRect();
      const texts = [...node.querySelectorAll("tspan")];
      return texts
        .filter((text) => {
          const own = text.getBoundingClientRect();
          return own.left < box.left || own.right > box.right + 0.5 || own.top < box.top || own.bottom > box.bottom;
        })
        .map((text) => text.textContent!);
    }),
  );
}

test("conditions, errors and names are whole", async ({ page, server }) => {
  const arn = await server.begin("texts", definition, { transcription: { job: { detail: { Status: "X" } } } });
  await open(page, `/default/executions/${arn}`, true);
  // All of it: what is not in view is not in the page.
  await page.getByRole("button", { name: "Fit the whole drawing" }).click();
  expect(await outside(page)).toEqual([]);
  const labels = page.locator(".edge-label");
  const whole = await labels.evaluateAll((texts) =>
    texts.map((text) => ({
      title: text.querySelector("title")!.textContent!,
      drawn: [...text.querySelectorAll("tspan")].map((line) => line.textContent).join(" "),
    })),
  );
  for (const { title, drawn } of whole) expect(drawn.replaceAll(" ", "")).toBe(title.replaceAll(" ", ""));
  expect(whole.map((one) => one.title)).toContain('$.transcription.job.detail.Status = "COMPLETED_WITH_WARNINGS"');
  expect(whole.map((one) => one.title)).toContain("BedrockAgentRuntime.DependencyFailedException, States.Timeout");

  await page.getByRole("link", { name: /^Which of the two/ }).first().click();
  const panel = page.getByRole("region", { name: /^State Which of the two/ });
  await expect(panel).toContainText('If $.transcription.job.detail.Status = "COMPLETED_WITH_WARNINGS" → COMPLETED_WITH_WARNINGS');
});

test("the demonstration's drawings keep their texts inside", async ({ page }) => {
  for (const name of ["order", "approval", "fulfilment"]) {
    await open(page, `/default/workflows/${name}`, true);
    expect(await outside(page), name).toEqual([]);
    await expect(page.locator(".graph")).not.toContainText("…");
  }
});
