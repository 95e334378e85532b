// Runs one Lambda handler: asks the Runtime API for events, calls the handler, posts its answer or its error.
const fs = require("fs");
const http = require("http");
const path = require("path");
const { pathToFileURL } = require("url");

// What this process alone may know comes by a pipe: see bootstrap.py.
function greeting() {
  const bytes = [];
  const one = Buffer.alloc(1);
  while (fs.readSync(0, one, 0, 1) === 1 && one[0] !== 10) bytes.push(one[0]);
  return Buffer.from(bytes).toString().split(" ");
}

const [place, isApart] = greeting();
if (isApart === "apart") process.env.AWS_LAMBDA_RUNTIME_API = place;
const [address, prefix] = place.split("/", 2);
const [host, port] = address.split(":");
const root = process.env.LAMBDA_TASK_ROOT;
const api = `/${prefix}/2018-06-01/runtime`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let current = null;

function ask(method, where, body) {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const headers = bytes === undefined ? {} : { "Content-Type": "application/json", "Content-Length": bytes.length };
    const request = http.request({ host, port, method, path: api + where, agent, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(bytes);
  });
}

// A failure in the shape of AWS's runtime: it becomes the cause, which workflows compare.
function described(error) {
  if (!(error instanceof Error)) return JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });
  console.error(error.stack);
  const trace = String(error.stack ?? "").split("\n").map((line) => line.replaceAll(root, "/var/task"));
  return JSON.stringify({ errorType: error.name || "Error", errorMessage: error.message, trace });
}

async function refuse(errorType, errorMessage) {
  await ask("POST", "/init/error", JSON.stringify({ errorType, errorMessage, trace: [] }));
  process.exit(1);
}

async function load(handler) {
  const folder = path.dirname(handler);
  const [module, ...names] = path.basename(handler).split(".");
  const file = ["js", "mjs", "cjs"].map((ending) => path.join(root, folder, `${module}.${ending}`)).find((one) => fs.existsSync(one));
  if (file === undefined) {
    return refuse("Runtime.ImportModuleError", `Error: Cannot find module '${path.join(folder, module)}'`);
  }
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) return refuse("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      return refuse("Runtime.ImportModuleError", `Error: ${error.message.replaceAll(root, "/var/task")}`);
    }
    await ask("POST", "/init/error", described(error));
    process.exit(1);
  }
  // What a CommonJS module exports is the default of its import.
  const within = (exports) => names.reduce((value, name) => value?.[name], exports);
  const found = within(loaded) ?? within(loaded.default);
  if (typeof found !== "function") {
    const why = found === undefined ? "is undefined or not exported" : "is not a function";
    return refuse("Runtime.HandlerNotFound", `${handler} ${why}`);
  }
  return found;
}

function contextOf(headers) {
  const name = process.env.AWS_LAMBDA_FUNCTION_NAME;
  const id = headers["lambda-runtime-aws-request-id"];
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: id,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: `local/[$LATEST]${id}`,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// A handler answers by a promise or by its callback; one that does neither has answered with null once it has nothing left to do.
function answerOf(handler, event, context) {
  return new Promise((resolve, reject) => {
    process.once("beforeExit", () => resolve(null));
    const output = handler(event, context, (error, result) => (error ? reject(error) : resolve(result)));
    if (typeof output?.then === "function") output.then(resolve, reject);
  }).finally(() => process.removeAllListeners("beforeExit"));
}

// Writes into both outputs where the output of this call begins: see printing.rs.
function mark(id) {
  for (const out of [1, 2]) {
    try {
      fs.writeSync(out, `\x1e${id}\n`);
    } catch {
      // The handler has closed it.
    }
  }
}

async function main() {
  const handler = await load(process.env._HANDLER);
  for (;;) {
    const next = await ask("GET", "/invocation/next");
    if (next.status !== 200) return process.exit(0);
    const context = contextOf(next.headers);
    mark(context.awsRequestId);
    current = `/invocation/${context.awsRequestId}`;
    let text;
    try {
      text = JSON.stringify(await answerOf(handler, JSON.parse(next.text), context)) ?? "null";
    } catch (error) {
      await ask("POST", `${current}/error`, described(error));
      continue;
    }
    await ask("POST", `${current}/response`, text);
  }
}

async function end(error) {
  await ask("POST", current === null ? "/init/error" : `${current}/error`, described(error)).catch(() => {});
  process.exit(129);
}

process.on("uncaughtException", end);
process.on("unhandledRejection", end);
main();
