// How soon a change in the embedded engine is on the screen: from the event's own time to the browser's next frame that
// has it. `fresh.mjs [CHANGES]`: 60 of each kind if not given.
import { browse, load, open, pause, percentile, report, start } from "./program.mjs";

const CHANGES = Number(process.argv[2] ?? 60);

/** A chain of states that changes once a second and a bit. */
function steps(count) {
  const States = {};
  for (let n = 0; n < count; n++) {
    const Next = n + 1 < count ? `Step ${n + 1}` : undefined;
    States[`Step ${n}`] = { Type: "Wait", Seconds: 1, ...(Next ? { Next } : { End: true }) };
  }
  return { StartAt: "Step 0", States };
}

const quick = { StartAt: "Done", States: { Done: { Type: "Pass", End: true } } };

/** A task that waits for a person. */
function asks(queue) {
  const Parameters = { QueueUrl: queue, MessageBody: { "token.$": "$$.Task.Token" } };
  const Ask = { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters, TimeoutSeconds: 3600, End: true };
  return { StartAt: "Ask", States: { Ask } };
}

/** Notes when texts are on the page: `notes` maps each to the time of the frame that first had it. */
function watch(page, pattern, place = "main") {
  return page.evaluate(([pattern, place]) => {
    const notes = (window.notes = {});
    const look = () => {
      const found = document.querySelector(place).textContent.matchAll(new RegExp(pattern, "g"));
      for (const [, text] of found) notes[text] ??= Date.now();
    };
    let asked = false;
    const soon = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        look();
      });
    };
    new MutationObserver(soon).observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  }, [pattern, place]);
}

const notes = (page) => page.evaluate(() => window.notes);
const seconds = (time) => Number(time) * 1000;

function show(what, times) {
  if (!times.length) throw new Error(`${what}: nothing was seen`);
  report(what, percentile(times, 95), "ms", `95 of 100; median ${percentile(times, 50).toFixed(0)} ms, ${times.length} changes`);
}

const server = await start();
const { browser, page } = await browse();
try {
  const [stepsArn, quickArn] = [await server.machine("steps", steps(12)), await server.machine("quick", quick)];
  report("processor while no page is open", await load(server.pid, () => pause(10_000)), "%", "of one core");

  const times = [];
  for (let run = 0; times.length < CHANGES; run++) {
    if (run > 3 && !times.length) throw new Error("the page of an execution does not update itself");
    const { executionArn } = await server.begin(stepsArn);
    await open(page, `${server.url}/default/executions/${executionArn}`);
    await watch(page, "([\\d,]+) of 25,000 events");
    const since = Date.now();
    await server.ended(executionArn);
    await pause(1_000);
    const seen = Object.entries(await notes(page)).map(([count, at]) => [Number(count.replace(",", "")), at]);
    for (const event of await server.history(executionArn)) {
      const shown = seen.filter(([count]) => count >= event.id).map(([, at]) => at);
      // What happened while the page opened says nothing.
      if (seconds(event.timestamp) > since && shown.length) times.push(Math.min(...shown) - seconds(event.timestamp));
    }
  }
  show("an event on the page of its execution", times);

  await open(page, `${server.url}/default/executions`);
  await watch(page, "(quick-\\d+)");
  const begun = {};
  for (let n = 0; n < CHANGES; n++) {
    const name = `quick-${n}`;
    begun[name] = seconds((await server.begin(quickArn, {}, name)).startDate);
    await pause(150 + Math.random() * 400);
  }
  await pause(2_000);
  const listed = await notes(page);
  show("a new execution in the list", Object.keys(begun).filter((name) => listed[name]).map((name) => listed[name] - begun[name]));

  const { QueueUrl } = await server.call("CreateQueue", { QueueName: "asked" }, "AmazonSQS");
  const askArn = await server.machine("ask", asks(QueueUrl));
  await pause(1_500);
  await open(page, `${server.url}/default/inbox`);
  await watch(page, "(\\d+) waiting", ".rail");
  const asked = {};
  for (let n = 1; n <= CHANGES; n++) {
    const { executionArn } = await server.begin(askArn);
    await pause(150 + Math.random() * 400);
    const events = await server.history(executionArn);
    asked[n] = seconds(events.find((event) => event.type === "TaskScheduled").timestamp);
  }
  await pause(2_000);
  const inbox = Object.entries(await notes(page)).map(([count, at]) => [Number(count), at]);
  const first = (n) => Math.min(...inbox.filter(([count]) => count >= n).map(([, at]) => at));
  show("a new request in the inbox", Object.keys(asked).map((n) => first(Number(n)) - asked[n]).filter(Number.isFinite));
  report("processor while an idle page is open", await load(server.pid, () => pause(10_000)), "%", "of one core");
} finally {
  await browser.close();
  await server.stop();
}
