import type { Locator } from "@playwright/test";
import { deployment, expect, test } from "./page.ts";

const named = (name: string, image?: string): string => deployment(image).replaceAll("web", name);

test("services stand worst first, and lead to their cards", async ({ app, page }) => {
  await app.type(
    [named("first", "example.com/first:1.0.0"), named("worse", "example.com/worse:latest")].join("---\n"),
  );
  await app.tab("Readiness").click();
  const overview = page.getByRole("region", { name: "Overview of services, worst first" });
  const entries = overview.getByRole("listitem");
  await expect(entries).toHaveCount(2);
  await expect(entries.first()).toContainText("worse");
  await expect(entries.first()).toContainText(/\d+ critical|\d+ high/);
  await expect(page.getByRole("article").first()).toHaveAccessibleName("worse");
  await entries.last().getByRole("button").click();
  await expect(page.getByRole("article", { name: "first" })).toBeFocused();
});

test("unknown is no failure in the share, and not green", async ({ app, page }) => {
  await app.type(deployment().replace("replicas: 1", "replicas: 2"));
  await app.tab("Readiness").click();
  const card = page.getByRole("article", { name: "web" });
  await expect(card).toContainText(/\d+ unknown/);
  const text = await card.locator("header").innerText();
  const [, passed = NaN, counted = NaN] = (/(\d+) of (\d+) checks? pass/.exec(text) ?? []).map(Number);
  const failed = await card.locator("li.check.fail, li.check.error").count();
  const delivery = await card.locator("section", { hasText: "Delivery" }).locator("li.check.fail").count();
  expect(counted - passed, text).toBe(failed - delivery);
});

test("findings are filtered by severity and by section, and what is hidden is counted", async ({ app, page }) => {
  await app.type(deployment("example.com/web:latest"));
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await page.getByLabel("Section").selectOption("Security");
  await expect(app.finding("no readinessProbe")).toHaveCount(0);
  await expect(app.findings.getByText(/^\d+ of \d+ findings shown/)).toBeVisible();
  await page.getByRole("button", { name: "Show all", exact: true }).click();
  await expect(app.finding("no readinessProbe")).toBeVisible();
  const severity = (name: string): Locator => app.findings.locator(`.item:not(.unknown) .severity.${name}`);
  await expect(severity("medium")).not.toHaveCount(0);
  await page.getByLabel("Severity").selectOption("High and above");
  await expect(severity("medium")).toHaveCount(0);
  await expect(severity("high")).not.toHaveCount(0);
});

test("many files stand as a tree beside the tabs, with what is wrong in each", async ({ app, page }) => {
  const files = Array.from({ length: 12 }, (_, index) => ({
    name: `shop/${index % 2 ? "base" : "overlays/prod"}/part-${index}.yaml`,
    mimeType: "text/yaml",
    buffer: Buffer.from(named(`part-${index}`)),
  }));
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page
      .getByRole("button", { name: "Open files" })
      .first()
      .click(),
  ]);
  await chooser.setFiles(files.map(({ name, ...rest }) => ({ ...rest, name: name.replaceAll("/", "-") })));
  const tree = page.getByRole("navigation", { name: "Tree of files" });
  await expect(tree).toContainText("12 files");
  await expect(tree.getByRole("button", { name: /part-\d+\.yaml.*\d violations/ })).toHaveCount(12);
  await tree.getByRole("button", { name: /part-7/ }).click();
  await expect(app.editor).toContainText("part-7");
  await page.getByRole("button", { name: "Tree of files" }).click();
  await expect(tree).toBeHidden();
});

test("folders of the tree fold and count", async ({ app, page }) => {
  await app.type(deployment());
  const rename = async (from: string, to: string): Promise<void> => {
    await page.getByRole("button", { name: `Rename ${from}` }).click();
    await page.getByRole("textbox", { name: `New name of ${from}` }).fill(to);
    await page.keyboard.press("Enter");
  };
  await rename("manifest.yaml", "shop/base/web.yaml");
  await page.getByRole("button", { name: "Add files" }).click();
  await page.getByRole("menuitem", { name: "New file" }).click();
  await page.getByRole("button", { name: "Tree of files" }).click();
  const tree = page.getByRole("navigation", { name: "Tree of files" });
  await expect(tree.locator("summary").first()).toContainText(/shop\s*\d+ violations/);
  await tree.locator("summary", { hasText: "base" }).click();
  await expect(tree.getByRole("button", { name: /web\.yaml/ })).toBeHidden();
});

test("what was not answered is amber in words, and never green", { tag: "@firefox" }, async ({ app, page }) => {
  await page.getByRole("button", { name: "A good example" }).first().click();
  await expect(app.findings.locator(".notice.good")).toBeVisible();
  await page.getByRole("radio", { name: "partial" }).check({ force: true });
  const files = page.getByRole("navigation", { name: "Files" });
  for (const name of ["availability.yaml", "network.yaml"]) {
    await files.getByRole("button", { name: new RegExp(name) }).first().click();
    await files.getByRole("button", { name: `Close shop/catalog/${name}` }).click();
  }
  await expect(app.findings.locator(".notice.incomplete")).toContainText("No check failed, but not all were answered");
  await expect(app.findings.locator(".notice.good")).toHaveCount(0);
  await expect(app.tab("Findings").locator(".badge.incomplete")).toBeVisible();
});

test("what could not be read, and rules that are off, keep a good service from being green", async ({ app, page }) => {
  await page.getByRole("button", { name: "A good example" }).first().click();
  await expect(app.findings.locator(".notice.good")).toBeVisible();
  await app.tab("Readiness").click();
  await expect(page.locator("meter.full")).not.toHaveCount(0);
  const isAmber = async (why: string): Promise<void> => {
    await app.tab("Findings").click();
    await expect(app.findings.locator(".notice.incomplete")).toContainText(why);
    await expect(app.tab("Findings").locator(".badge.incomplete")).toBeVisible();
    await app.tab("Readiness").click();
    await expect(page.getByRole("tabpanel", { name: "Readiness" })).toContainText(why);
    await expect(page.locator("article.service.good, meter.full")).toHaveCount(0);
  };
  await page.getByRole("button", { name: "Add files" }).click();
  await page.getByRole("menuitem", { name: "New file" }).click();
  await page.keyboard.insertText("a: [\n");
  await isAmber("1 document could not be read");
  await app.undo();
  await app.tab("Findings").click();
  await expect(app.findings.locator(".notice.good")).toBeVisible();
  await app.tab("Rules").click();
  await page.getByRole("switch", { name: "Enable readiness-probe" }).click();
  await isAmber("1 rule is off");
});

test("where nothing was checked, nothing is green", async ({ app }) => {
  await app.type("a: 1\n");
  await expect(app.findings.locator(".notice.incomplete")).toContainText("Nothing was checked");
  await expect(app.tab("Findings").locator(".badge.good")).toHaveCount(0);
});
