import { expect, test } from "@playwright/test";
import { deployment } from "./page.ts";
import { StaticServer } from "./server.ts";

/** What 1.6 Mbit/s bring in one second. Together with four round trips of 150 ms that is well below 3 s. */
const ONE_SECOND = 200_000;

test("the page is painted from a few bytes, and the rules come before the editor", async ({ page }) => {
  const site = new StaticServer();
  await page.goto(await site.start(), { waitUntil: "networkidle" });
  const [html, style, program] = [site.sizes("index", ".html"), site.sizes("index-", ".css"), site.sizes("index-", ".js")];
  expect(Math.min(html, style, program)).toBeGreaterThan(0);
  expect(html + style + program, "what is needed before the rules are asked for").toBeLessThan(ONE_SECOND);
  const at = (part: string): number => site.requests.findIndex((path) => path.includes(part));
  for (const rules of [".bundle", "engine_bg"]) {
    expect(at(rules), rules).toBeGreaterThan(0);
    expect(at("editor-"), rules).toBeGreaterThan(at(rules));
  }
  site.stop();
});

test("while the rules are on their way, one sees how far, and can type", { tag: "@firefox" }, async ({ page }) => {
  const site = new StaticServer();
  const release = site.hold(".bundle");
  await page.goto(await site.start());
  await expect(page.getByRole("heading", { name: "seaworthy" })).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Loading the rules" })).toBeVisible();
  await expect(page.getByRole("tabpanel", { name: "Findings" })).toContainText("Loading the rules");
  await page.getByRole("textbox", { name: "Manifest manifest.yaml" }).fill(deployment("example.com/web:latest"));
  release();
  await expect(page.getByRole("tabpanel", { name: "Findings" })).toContainText("the tag latest is mutable");
  await expect(page.getByRole("progressbar", { name: "Loading the rules" })).toBeHidden();
  await expect(page.locator("html")).toHaveAttribute("data-editor", "ready");
  await expect(page.getByRole("textbox", { name: "Manifest manifest.yaml" })).toContainText("example.com/web:latest");
  site.stop();
});

test("without the editor one can still type, and it is said", async ({ page }) => {
  const site = new StaticServer({ missing: "editor-" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(await site.start());
  const alert = page.getByRole("alert").filter({ hasText: "editor" });
  await expect(alert).toContainText("could not be loaded");
  await page.getByRole("textbox", { name: "Manifest manifest.yaml" }).fill(deployment("example.com/web:latest"));
  const findings = page.getByRole("tabpanel", { name: "Findings" });
  await expect(findings).toContainText("the tag latest is mutable");
  await alert.getByRole("button", { name: "Close" }).click();
  await findings.getByRole("listitem").filter({ hasText: "the tag latest is mutable" }).getByRole("button").first().click();
  await expect(alert).toContainText("could not be loaded");
  expect(errors).toEqual([]);
  site.stop();
});
