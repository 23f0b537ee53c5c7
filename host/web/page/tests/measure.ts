/**
 * What the page costs: time until it can judge, all rules on 20 manifests, frames while one types, bytes on the way. Prints
 * medians and asserts nothing: `make web-bench` runs it, the tests do not.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, expect, test } from "@playwright/test";
import { deployment } from "./page.ts";
import { SITE, StaticServer } from "./server.ts";

const RUNS = 9;

test("measure", { tag: "@measure" }, async ({ browser }) => {
  test.setTimeout(180_000);
  const site = new StaticServer();
  const address = await site.start();
  const ready: number[] = [];
  const judged: number[] = [];
  const typed: number[] = [];
  const frames: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.goto(address);
    ready.push(
      await page.evaluate(() => {
        const mark = (): number | undefined => performance.getEntriesByName("seaworthy-ready")[0]?.startTime;
        return new Promise<number>((resolve) => {
          const wait = (): void => void (mark() === undefined ? setTimeout(wait, 5) : resolve(mark() ?? 0));
          wait();
        });
      }),
    );
    // A reader takes a moment to have something to paste, in which the page warms up.
    await page.waitForTimeout(2_000);
    const editor = page.getByRole("textbox", { name: /^Manifest/ });
    // Twenty manifests that were never seen, and then the same with one line changed.
    await editor.click({ position: { x: 60, y: 20 } });
    for (let repeat = 0; repeat < 10; repeat++) {
      const version = Math.floor(repeat / 2);
      const manifests = Array.from({ length: 20 }, (_, index) =>
        deployment().replaceAll("name: web", `name: web-${version}-${index}`),
      ).join("---\n");
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(repeat % 2 === 0 ? manifests : manifests.replace("web:1.4.2", "web:1.4.3"));
      const durations = (): Promise<number[]> =>
        page.evaluate(() => performance.getEntriesByName("seaworthy-judged").map(({ duration }) => duration));
      await expect.poll(async () => (await durations()).length).toBe(repeat + 1);
      (repeat % 2 === 0 ? judged : typed).push((await durations()).at(-1) ?? NaN);
    }
    if (run === 0) {
      await page.keyboard.insertText(
        "---\n" +
          Array.from({ length: 160 }, (_, index) => deployment().replaceAll("name: web", `name: more-${index}`)).join(
            "---\n",
          ),
      );
      await expect(page.getByText("180 objects")).toBeVisible({ timeout: 60_000 });
      await page.evaluate(() => {
        const times: number[] = [];
        Object.assign(window, { times });
        const tick = (now: number): void => void (times.push(now), requestAnimationFrame(tick));
        requestAnimationFrame(tick);
      });
      for (let key = 0; key < 120; key++) {
        await page.keyboard.press("x");
        await page.waitForTimeout(25);
      }
      const times = await page.evaluate(() => (window as unknown as { times: number[] }).times);
      frames.push(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
    }
    await context.close();
  }
  const painted = await firstPaint(browser, address);
  site.stop();

  const sizes = new Map<string, number>();
  const served = new Set(site.requests.map((path) => path.replace(/\/$/, "/index.html").slice(1)));
  for (const file of await readdir(SITE, { recursive: true })) {
    if (served.has(file)) sizes.set(file, gzipSync(await readFile(join(SITE, file)), { level: 9 }).length);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const slow = frames.filter((frame) => frame > 1000 / 30).length;
  console.log(`ready to judge, cold, local server   ${median(ready).toFixed(0)} ms (median of ${RUNS}; target 1000)`);
  console.log(
    `all rules x 20 new manifests         ${median(judged).toFixed(0)} ms (median of ${judged.length}; target 60)`,
  );
  console.log(`the same, one line changed           ${median(typed).toFixed(0)} ms (median of ${typed.length})`);
  console.log(
    `frames while typing in 2,200 lines   ${median(frames).toFixed(1)} ms (median of ${frames.length}), ${slow} over 33 ms`,
  );
  console.log(`first paint at 1.6 Mbit/s, 150 ms       ${painted.toFixed(0)} ms (target 3000)`);
  console.log(`transfer, gzip                       ${kib(total)} (target 1,229 KiB)`);
  for (const [file, size] of [...sizes].sort((a, b) => b[1] - a[1])) console.log(`  ${file.padEnd(35)}${kib(size)}`);
});

/** Milliseconds until something is seen on a slow phone network, with nothing in the cache. */
async function firstPaint(browser: Browser, address: string): Promise<number> {
  const page = await browser.newPage();
  const debugged = await page.context().newCDPSession(page);
  const throughput = (1.6 * 1_000_000) / 8;
  await debugged.send("Network.enable");
  await debugged.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: throughput,
    uploadThroughput: throughput,
  });
  await page.goto(address, { waitUntil: "commit" });
  const painted = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const observer = new PerformanceObserver((list) => {
          for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") resolve(startTime);
        });
        observer.observe({ type: "paint", buffered: true });
      }),
  );
  await page.close();
  return painted;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
