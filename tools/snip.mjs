// Takes the bodies of functions out of a wasm file that no page of ours calls, but that the library keeps addresses of, so
// that neither compiler nor optimiser can know. A call of one would trap, which every test in a browser would see.
// Usage: node snip.mjs FROM TO
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

const NEVER_CALLED = [
  // Hydration that waits for code to be loaded: pages that are split into several files have it, ours is one.
  /\binto_any(_attr)?::hydrate_async\b/,
  // Drawing into a copy of a template, for views of the macro `template!`.
  /::hydrate_from_template\b/,
  // The list of all routes, which the server asks for.
  /::generate_routes\b/,
];

const [from, to] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(from));
// Those that `build-wasm.sh` names.
const { BulkMemory, NontrappingFPToInt, SignExt, MutableGlobals, ReferenceTypes, Multivalue } = binaryen.Features;
module.setFeatures(BulkMemory | NontrappingFPToInt | SignExt | MutableGlobals | ReferenceTypes | Multivalue);
const found = new Set();
for (let index = 0; index < module.getNumFunctions(); index++) {
  const made = module.getFunctionByIndex(index);
  const { name, module: imported } = binaryen.getFunctionInfo(made);
  const pattern = imported ? undefined : NEVER_CALLED.find((pattern) => pattern.test(name));
  if (!pattern) continue;
  found.add(pattern);
  binaryen.Function.setBody(made, module.unreachable());
}
// The library gave it another name: then it must be looked at again.
for (const pattern of NEVER_CALLED) if (!found.has(pattern)) throw new Error(`snip.mjs: no function is called ${pattern}`);
writeFileSync(to, module.emitBinary());
