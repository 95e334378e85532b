// Writes a brotli twin beside every text and wasm file of the folder given, where it is missing or older.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const COMPRESSED = new Set([".css", ".html", ".ico", ".js", ".json", ".svg", ".txt", ".wasm", ".webmanifest"]);

for (const name of readdirSync(process.argv[2], { recursive: true })) {
  const file = join(process.argv[2], name);
  const made = statSync(file);
  if (!made.isFile() || !COMPRESSED.has(extname(file))) continue;
  const twin = statSync(`${file}.br`, { throwIfNoEntry: false });
  if (twin && twin.mtimeMs >= made.mtimeMs) continue;
  const plain = readFileSync(file);
  const packed = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
  writeFileSync(`${file}.br`, packed);
  console.error(`    ${name}: ${kib(plain.length)} KiB, ${kib(packed.length)} KiB compressed`);
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1);
}
