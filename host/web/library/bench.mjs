/**
 * What the library costs, in Node and in a Worker of Chromium: to load, to judge 20 manifests by all rules, all of them
 * new to it (their namespace changes, which every rule sees) or one of them changed. Prints medians of wall time, and the
 * bytes that travel.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { executablePath, inPage } from "../chromium.mjs";

const dist = new URL("dist/", import.meta.url);
const shop = new URL("../../../examples/shop/", import.meta.url);

/** The shop: some 20 objects, of a good service and a bad one. */
const objects = readdirSync(shop, { recursive: true })
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, text: readFileSync(new URL(name, shop), "utf8") }));

/** Its good service's Deployment, twenty times. */
const deployment = objects.map(({ text }) => text).find((text) => /kind: Deployment/.test(text) && /livenessProbe/.test(text));
const deployments = Array.from({ length: 20 }, (_, index) => ({
  name: `service-${index}.yaml`,
  text: deployment.replaceAll(/^( *name: )(\S+)$/gm, (line, key, name) => `${key}${name}-${index}`),
}));

/** The same in Node and in a page, which gets it as text. */
async function measure({ Seaworthy, SeaworthyWorker }, sets) {
  const started = performance.now();
  const seaworthy = await (typeof document === "undefined" ? Seaworthy.load() : SeaworthyWorker.start({ deadline: 60_000 }));
  const lines = [["load", performance.now() - started]];
  for (const [name, files] of sets) {
    const renamed = (file, run) => ({ ...file, text: file.text.replaceAll("namespace: shop", `namespace: shop-${run}`) });
    const all = (run) => files.map((file) => renamed(file, run));
    const one = (run) => files.map((file, index) => (index === 0 ? renamed(file, run) : file));
    const { summary, results } = await seaworthy.check(files, { world: "complete" });
    for (const [what, changed] of [["all new", all], ["one changed", one]]) {
      const times = [];
      for (let run = 0; run < 40; run++) {
        const start = performance.now();
        await seaworthy.check(changed(run), { world: "complete" });
        times.push(performance.now() - start);
      }
      times.sort((one, other) => one - other);
      const said = `${name}, ${summary.objects} objects, ${results.length} evaluations, ${what}`;
      lines.push([`${said}: median`, times[times.length >> 1]], [`${said}: best`, times[0]]);
    }
  }
  return lines;
}

function print(title, lines) {
  console.log(title);
  for (const [name, milliseconds] of lines) console.log(`  ${name.padEnd(72)} ${milliseconds.toFixed(1).padStart(8)} ms`);
}

const sets = [["the shop", objects], ["20 Deployments", deployments]];
print(`Node ${process.version}`, await measure(await import(new URL("index.js", dist)), sets));
print(execFileSync(executablePath, ["--version"], { encoding: "utf8" }).trim(), await inPage(measure, sets));
console.log("gzip");
for (const name of ["engine/engine_bg.wasm", "policies.bundle"]) {
  const bytes = readFileSync(new URL(name, dist));
  const size = bytes[0] === 0x1f ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  console.log(`  ${name.padEnd(72)} ${(size / 1024).toFixed(1).padStart(8)} KiB`);
}
