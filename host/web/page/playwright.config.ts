import { resolve } from "node:path";
import { defineConfig } from "@playwright/test";
import { launchOptions } from "../chromium.mjs";

const target = process.env["CARGO_TARGET_DIR"] ?? resolve(import.meta.dirname, "../../../target");

export default defineConfig({
  testDir: "tests",
  projects: [
    { name: "page", testMatch: "*.spec.ts" },
    { name: "measure", testMatch: "measure.ts" },
  ],
  outputDir: resolve(target, "web/test-results"),
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  // Long enough for a machine that is busy otherwise: only what hangs fails by time.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: "list",
  use: {
    permissions: ["clipboard-read", "clipboard-write"],
    viewport: { width: 1440, height: 900 },
    launchOptions,
  },
});
