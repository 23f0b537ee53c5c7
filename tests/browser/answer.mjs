/**
 * Answers questions with the npm package, in Node or in Chromium, where a Worker judges: reads
 * `{policies: [{name, wasm}], questions: [{files, options}], deadline}` from standard input, `wasm` in Base64,
 * and prints `{policies: [...], answers: [...]}`: what is refused as `{error}`, a report as text.
 *
 * usage: node answer.mjs node|chromium DIST
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [where, dist] = process.argv.slice(2);
const asked = JSON.parse(readFileSync(0, "utf8"));

/** The same in Node and in a page, which gets it as text. */
async function answer(seaworthy, { policies = [], questions }) {
  const attempt = async (call) => {
    try {
      return await call();
    } catch (cause) {
      return { error: cause.message };
    }
  };
  const answers = { policies: [], answers: [] };
  for (const { name, wasm } of policies) {
    const bytes = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
    answers.policies.push(await attempt(() => seaworthy.addPolicy(name, bytes)));
  }
  for (const { files, options } of questions) {
    answers.answers.push(await attempt(() => seaworthy.checkJson(files, options)));
  }
  return answers;
}

async function inNode() {
  const { Seaworthy } = await import(pathToFileURL(join(dist, "index.js")));
  return answer(await Seaworthy.load(), asked);
}

async function inChromium() {
  const require = createRequire(join(dist, "../package.json"));
  const { chromium } = require("playwright-core");
  const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>t</title>");
    try {
      const bytes = readFileSync(join(dist, path));
      response.setHeader("content-type", types[path.slice(path.lastIndexOf("."))] ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
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
    return await page.evaluate(async ([source, asked]) => {
      const { SeaworthyWorker } = await import("/index.js");
      const seaworthy = await SeaworthyWorker.start({ deadline: asked.deadline });
      return (0, eval)(`(${source})`)(seaworthy, asked);
    }, [answer.toString(), asked]);
  } finally {
    await browser.close();
    server.close();
  }
}

console.log(JSON.stringify(await (where === "chromium" ? inChromium() : inNode())));
