import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Project } from "@playwright/test";
import { launchOptions } from "../chromium.mjs";

const target = process.env["CARGO_TARGET_DIR"] ?? resolve(import.meta.dirname, "../../../target");
const viewport = { width: 1440, height: 900 };
const chromium = { viewport, launchOptions, permissions: ["clipboard-read", "clipboard-write"] };

/** The core of the tests, in the distribution's Firefox. Without it, they are skipped, and a message says so. */
function firefox(): Project[] {
  const browser = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";
  try {
    accessSync(browser, constants.X_OK);
  } catch {
    // Workers read this file too, and say nothing.
    if (process.env["TEST_WORKER_INDEX"] === undefined) {
      console.error(`LEFT OUT: ${browser} is not there, so no test of the page runs in Firefox (FIREFOX=/path/to/it)`);
    }
    return [];
  }
  const executablePath = resolve(import.meta.dirname, "../firefox.mjs");
  const use = { viewport, browserName: "firefox" as const, channel: "moz-firefox", launchOptions: { executablePath } };
  return [{ name: "firefox", testMatch: "*.spec.ts", grep: /@firefox/, use }];
}

export default defineConfig({
  testDir: "tests",
  projects: [
    { name: "page", testMatch: "*.spec.ts", use: chromium },
    ...firefox(),
    { name: "measure", testMatch: "measure.ts", use: chromium },
    { name: "screens", testMatch: "screens.ts", use: chromium },
  ],
  outputDir: resolve(target, "web/test-results"),
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  // Long enough for a machine that is busy otherwise: only what hangs fails by time.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: "list",
});
