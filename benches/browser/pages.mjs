// The pages of large executions in Chromium: until the first paint and until they can be used, the longest frame while
// scrolling and panning, a click until its panel, the heap, and what a busy execution costs on the wire.
// `pages.mjs [EVENTS] [STATES]`: 25,000 and 1,000 if not given.
import { browse, open, pause, percentile, report, start } from "./program.mjs";

const EVENTS = Number(process.argv[2] ?? 25_000);
const STATES = Number(process.argv[3] ?? 1_000);
const CHANGES_A_SECOND = 20;
const RUNS = 7;

const graph = ".graph";
const node = `${graph} [data-node]`;

const each = { StartAt: "Item", States: { Item: { Type: "Pass", End: true } } };
/** Four events an item. */
const long = { StartAt: "Every", States: { Every: { Type: "Map", ItemProcessor: each, ResultPath: null, End: true } } };

/** States in rows: every tenth is a Choice that may skip the rest of its row. */
function wide(count) {
  const States = {};
  const name = (n) => (n < count - 1 ? `State ${n}` : "End");
  for (let n = 0; n < count - 1; n++) {
    const skip = { Variable: "$.skip", NumericEquals: n, Next: name(Math.min(n + 10, count - 1)) };
    States[name(n)] = n % 10 ? { Type: "Pass", Next: name(n + 1) } : { Type: "Choice", Choices: [skip], Default: name(n + 1) };
  }
  States.End = { Type: "Succeed" };
  return { StartAt: name(0), States };
}

/** One task after another, each done when this program says so. */
function busy(activity) {
  const task = { StartAt: "Work", States: { Work: { Type: "Task", Resource: activity, ResultPath: null, End: true } } };
  return { StartAt: "Each", States: { Each: { Type: "Map", MaxConcurrency: 1, ItemProcessor: task, ResultPath: null, End: true } } };
}

/** Milliseconds from the address to the first paint, and until the page updates itself. */
async function times(context, address) {
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector(".live-dot[data-state=live]")) window.usable ??= performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(address);
  await page.waitForFunction(() => window.usable);
  const found = await page.evaluate(() => ({
    painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? window.usable,
    usable: window.usable,
  }));
  await page.close();
  return found;
}

async function opens(context, what, address) {
  const all = [];
  for (let run = 0; run < RUNS; run++) all.push(await times(context, address));
  const median = (part) => percentile(all.map((one) => one[part]), 50);
  report(`${what}: first paint`, median("painted"), "ms", `median of ${RUNS}`);
  report(`${what}: until it can be used`, median("usable"), "ms", `median of ${RUNS}`);
}

/** The longest frame while `work` lasts, and how many there were. */
async function longest(page, work) {
  await page.evaluate(() => {
    window.frames_ = [];
    let before = performance.now();
    const next = (now) => {
      window.frames_.push(now - before);
      before = now;
      window.going = requestAnimationFrame(next);
    };
    window.going = requestAnimationFrame((now) => {
      before = now;
      window.going = requestAnimationFrame(next);
    });
  });
  await work();
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.going);
    return window.frames_;
  });
  return [Math.max(...frames), `${frames.length} frames, 95 of 100 at most ${percentile(frames, 95).toFixed(0)} ms`];
}

/** Megabytes of the page: objects, and the memory of wasm. */
async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0, embedderHeapUsedSize = 0 } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return (usedSize + backingStorageSize + embedderHeapUsedSize) / 1e6;
}

async function wheel(page, place, turns) {
  const box = await page.locator(place).first().boundingBox();
  await page.mouse.move(box.x + box.width / 2, Math.min(box.y + box.height / 2, 880));
  for (let turn = 0; turn < turns; turn++) {
    await page.mouse.wheel(0, 400);
    await pause(16);
  }
}

async function drag(page, place, turns) {
  const box = await page.locator(place).first().boundingBox();
  const [x, y] = [box.x + box.width / 2, Math.min(box.y + box.height / 2, 700)];
  for (let turn = 0; turn < turns; turn++) {
    await page.mouse.move(x, y + 150);
    await page.mouse.down();
    for (let step = 0; step < 20; step++) {
      await page.mouse.move(x + Math.sin(step) * 40, y + 150 - step * 15);
      await pause(12);
    }
    await page.mouse.up();
  }
}

/** Milliseconds from a click on each of some states until its panel is drawn. */
async function clicks(page) {
  const all = [];
  const names = await page.locator(node).evaluateAll((nodes) =>
    nodes.filter((one) => { const { x, y, width } = one.getBoundingClientRect(); return width && x > 260 && x < 800 && y > 150 && y < 600; }).map((one) => one.dataset.node));
  for (const name of names.slice(0, 12)) {
    const took = page.evaluate((name) => new Promise((done) => {
      let began;
      addEventListener("pointerdown", () => (began = performance.now()), { once: true, capture: true });
      const drawn = () => [...document.querySelectorAll("section[aria-label], [role=region][aria-label]")].some((one) => one.getAttribute("aria-label") === `State ${name}`);
      const look = () => (began && drawn() ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look));
      look();
    }), name);
    await page.locator(`${graph} [data-node="${name}"]`).first().click({ force: true });
    all.push(await Promise.race([took, pause(10_000).then(() => NaN)]));
  }
  return all.filter(Number.isFinite);
}

/** Bytes a second that a page receives. */
async function received(page, seconds) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.responseReceived", ({ response }) => (bytes += response.encodedDataLength));
  session.on("Network.dataReceived", ({ encodedDataLength, dataLength }) => (bytes += encodedDataLength > 0 ? encodedDataLength : dataLength));
  await pause(seconds * 1000);
  await session.detach();
  return bytes / seconds;
}

const server = await start();
const { browser, page } = await browse();
try {
  const context = page.context();
  const items = Array.from({ length: Math.floor((EVENTS - 6) / 4) }, (_, n) => n);
  const { executionArn: longArn } = await server.begin(await server.machine("long", long), items);
  const { executionArn: wideArn } = await server.begin(await server.machine("wide", wide(STATES)), { skip: -1 });
  await server.ended(longArn);
  await server.ended(wideArn);
  const [events, drawing] = [`${server.url}/default/executions/${longArn}?tab=events`, `${server.url}/default/executions/${wideArn}`];

  await opens(context, "the executions page", `${server.url}/default/executions`);
  await opens(context, `${EVENTS.toLocaleString("en")} events`, events);
  await opens(context, `${STATES.toLocaleString("en")} states`, drawing);

  await open(page, events);
  report(`scrolling ${EVENTS.toLocaleString("en")} events, longest frame`, ...with_unit(await longest(page, () => wheel(page, ".events", 200))));
  report(`${EVENTS.toLocaleString("en")} events, heap`, await heap(page), "MB");

  await open(page, drawing);
  report(`panning ${STATES.toLocaleString("en")} states, longest frame`, ...with_unit(await longest(page, () => drag(page, graph, 6))));
  const took = await clicks(page);
  if (took.length) report("a click until the panel", percentile(took, 95), "ms", `95 of 100; median ${percentile(took, 50).toFixed(0)} ms, ${took.length} clicks`);
  else console.log("a click until the panel: no panel was seen");
  report(`${STATES.toLocaleString("en")} states, heap`, await heap(page), "MB");

  const { activityArn } = await server.call("CreateActivity", { name: "work" });
  const { executionArn: busyArn } = await server.begin(await server.machine("busy", busy(activityArn)), Array(4_000).fill(0));
  await open(page, `${server.url}/default/executions/${busyArn}`);
  let going = true;
  const worker = (async () => {
    while (going) {
      const began = performance.now();
      const { taskToken } = await server.call("GetActivityTask", { activityArn });
      if (taskToken) await server.call("SendTaskSuccess", { taskToken, output: "{}" });
      await pause(Math.max(0, 1_000 / CHANGES_A_SECOND - (performance.now() - began)));
    }
  })();
  await pause(3_000);
  report(`an execution that changes ${CHANGES_A_SECOND} times a second`, (await received(page, 15)) / 1_000, "KB/s");
  going = false;
  await worker;
} finally {
  await browser.close();
  await server.stop();
}

function with_unit([value, more]) {
  return [value, "ms", more];
}
