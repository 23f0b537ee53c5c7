#!/usr/bin/env node
/**
 * Starts a Firefox as its distribution built it, for Playwright, which knows the WebDriver BiDi of the newest: a command
 * that this Firefox does not know yet, and that no test asks for, is answered here; all else goes through as it is.
 *
 * Playwright calls it as if it were the browser: `FIREFOX=/path/to/firefox` says which one it is.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import playwright from "playwright-core/lib/utilsBundle";

/** Sent for each page and context, whether or not a test wants other media features. */
const UNKNOWN = "emulation.setMediaFeaturesOverride";

const browser = spawn(process.env.FIREFOX ?? "/usr/bin/firefox-esr", process.argv.slice(2), {
  stdio: ["inherit", "inherit", "pipe"],
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => browser.kill(signal));
browser.on("exit", (code) => process.exit(code ?? 1));

for await (const line of createInterface({ input: browser.stderr })) {
  const address = /^WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line)?.[1];
  process.stderr.write(`${address ? `WebDriver BiDi listening on ${await between(address)}` : line}\n`);
}

/** The address of a server that hands messages on, both ways. */
async function between(address) {
  const server = new playwright.wsServer({ host: "127.0.0.1", port: 0 });
  await new Promise((listening) => server.on("listening", listening));
  server.on("connection", (client, request) => {
    const firefox = new playwright.ws(address + request.url);
    const waiting = [];
    const send = (text) => (firefox.readyState === playwright.ws.OPEN ? firefox.send(text) : waiting.push(text));
    firefox.on("open", () => waiting.splice(0).forEach((text) => firefox.send(text)));
    firefox.on("message", (text) => client.send(String(text)));
    firefox.on("close", () => client.close());
    firefox.on("error", () => client.close());
    client.on("close", () => firefox.close());
    client.on("message", (text) => {
      const { id, method } = JSON.parse(String(text));
      if (method === UNKNOWN) client.send(JSON.stringify({ type: "success", id, result: {} }));
      else send(String(text));
    });
  });
  return `ws://127.0.0.1:${server.address().port}`;
}
