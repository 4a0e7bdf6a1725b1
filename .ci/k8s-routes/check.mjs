// Validates objects of the Gateway API, a JSON list on standard input: twice, because the published schemas know what values
// may be but let unknown fields pass, and the published types the other way round. Prints one fault a line.
//
// node check.mjs, where node_modules is beside it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const items = JSON.parse(readFileSync(0, "utf8"));
const name = (item) => `${item.kind}/${item.metadata?.name}`;
const home = (item) => `@kubernetes-models/gateway-api/${item.apiVersion}/${item.kind}`;
const faults = [];
const known = [];

for (const item of items) {
  try {
    const model = (await import(home(item)))[item.kind];
    known.push(item);
    new model(item).validate();
  } catch (error) {
    faults.push(`${name(item)}: ${error.message}`);
  }
}

if (known.length > 0) {
  const folder = mkdtempSync(join(here, "types-"));
  try {
    const text = (item, at) =>
      `import type { I${item.kind} as T${at} } from "${home(item)}";\n` +
      `export const item${at}: T${at} = ${JSON.stringify(item)};\n`;
    writeFileSync(join(folder, "items.ts"), known.map(text).join(""));
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--pretty", "false"];
    flags.push("--module", "nodenext", "--moduleResolution", "nodenext");
    execFileSync(join(here, "node_modules/.bin/tsc"), [...flags, join(folder, "items.ts")], { encoding: "utf8" });
  } catch (error) {
    const said = `${error.stdout ?? ""}`.trim().split("\n").filter(Boolean);
    for (const line of said.length > 0 ? said : [error.message]) {
      const at = Number(line.match(/items\.ts\((\d+),/)?.[1] ?? 0);
      const item = known[Math.ceil(at / 2) - 1];
      faults.push(`${item ? name(item) : "Gateway API"}: ${line.replace(/^.*error TS\d+: /, "")}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
for (const fault of faults) console.log(fault);
