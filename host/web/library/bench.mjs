/**
 * What the library costs, in Node and in a Worker of Chromium: to load, to judge 20 manifests by all rules, all of them
 * new to it (their namespace changes, which every rule sees) or one of them changed. Prints medians of wall time, and the
 * bytes that travel.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

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
async function measure(load, sets) {
  const started = performance.now();
  const seaworthy = await load();
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

async function inChromium(sets) {
  const { chromium } = createRequire(import.meta.url)("playwright-core");
  const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    if (request.url === "/favicon.ico") return response.writeHead(404).end();
    if (request.url === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>t</title>");
    response.setHeader("content-type", types[request.url.slice(request.url.lastIndexOf("."))] ?? "application/octet-stream");
    response.end(readFileSync(new URL(`.${request.url}`, dist)));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return await page.evaluate(async ([source, sets]) => {
      const { SeaworthyWorker } = await import("/index.js");
      return (0, eval)(`(${source})`)(() => SeaworthyWorker.start({ deadline: 60_000 }), sets);
    }, [measure.toString(), sets]);
  } finally {
    await browser.close();
    server.close();
  }
}

function print(title, lines) {
  console.log(title);
  for (const [name, milliseconds] of lines) console.log(`  ${name.padEnd(72)} ${milliseconds.toFixed(1).padStart(8)} ms`);
}

const sets = [["the shop", objects], ["20 Deployments", deployments]];
const { Seaworthy } = await import(new URL("index.js", dist));
print(`Node ${process.version}`, await measure(() => Seaworthy.load(), sets));
print(execFileSync(process.env.CHROMIUM ?? "/usr/bin/chromium", ["--version"], { encoding: "utf8" }).trim(), await inChromium(sets));
console.log("gzip");
for (const name of ["engine/engine_bg.wasm", "policies.bundle"]) {
  const bytes = readFileSync(new URL(name, dist));
  const size = bytes[0] === 0x1f ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  console.log(`  ${name.padEnd(72)} ${(size / 1024).toFixed(1).padStart(8)} KiB`);
}
