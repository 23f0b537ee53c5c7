/** A headless Chromium for tests and measurements: how it is started, and a page in it that has the npm package. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { chromium } from "playwright-core";

const dist = new URL("library/dist/", import.meta.url);
const types = { ".js": "text/javascript", ".wasm": "application/wasm" };

/** The browser that is run. */
export const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** How Playwright starts it: as root, without a graphics card, and asking nobody anything. */
export const launchOptions = {
  executablePath,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
};

/**
 * What a function returns in an empty page. It is given the package, as its `index.js` exports it, and `argument`; it goes
 * there as text and the rest as JSON, so that nothing else of here is known to it.
 */
export async function inPage(run, argument) {
  const server = createServer(serve);
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return await page.evaluate(
      async ([source, argument]) => (0, eval)(`(${source})`)(await import("/index.js"), argument),
      [run.toString(), argument],
    );
  } finally {
    await browser.close();
    server.close();
  }
}

/** An empty page at the root, and beside it what was built. */
async function serve(request, response) {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>t</title>");
  try {
    const bytes = await readFile(new URL(`.${path}`, dist));
    response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream").end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}
