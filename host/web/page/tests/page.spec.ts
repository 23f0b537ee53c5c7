import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { type App, deployment, expect, test } from "./page.ts";
import { StaticServer } from "./server.ts";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("once loaded, the page works with no network at all", async ({ app, context }) => {
  await context.setOffline(true);
  await app.example("bad");
  await app.type(deployment("example.com/web:latest"));
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await app.tab("Readiness").click();
  await expect(app.page.getByRole("article", { name: "web" })).toBeVisible();
  await context.setOffline(false);
});

test("the page allows itself its own files, and no text to become HTML or a script", { tag: "@firefox" }, async ({ page, server }) => {
  const other = new StaticServer();
  const elsewhere = await other.start();
  await page.goto(server.address);
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(policy).not.toContain("unsafe-inline");
  const refused = await page.evaluate(async (elsewhere) => {
    const tries = [
      () => (document.createElement("p").innerHTML = "<b>text</b>"),
      () => (document.createElement("script").text = "text"),
      () => fetch(elsewhere),
    ];
    const attempts = tries.map(async (attempt) => attempt());
    return Promise.all(
      attempts.map((done) =>
        done.then(
          () => false,
          () => true,
        ),
      ),
    );
  }, elsewhere);
  expect(refused).toEqual([true, true, true]);
  expect(other.requests).toEqual([]);
  other.stop();
});

test.describe("engine that does not come", () => {
  test("is said, and asked for again on demand", async ({ page }) => {
    const site = new StaticServer({ missing: ".bundle" });
    await page.goto(await site.start());
    const findings = page.getByRole("tabpanel", { name: "Findings" });
    await expect(findings).toContainText("The rules could not be loaded");
    await expect(findings).toContainText("404");
    site.options.missing = undefined as never;
    await findings.getByRole("button", { name: "Try again" }).click();
    await expect(findings).toContainText("Nothing to check yet");
    site.stop();
  });
});

test("light and dark follow the system, and a choice that is kept", async ({ app, page }) => {
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "Light" }).click();
  expect(await background()).toBe(light);
  await app.page.goto("about:blank");
  await app.load();
  expect(await background()).toBe(light);
});

test("everything can be done by the keyboard", async ({ app, page }) => {
  const reach = async (name: RegExp | string, key = "Tab"): Promise<void> => {
    for (let steps = 0; steps < 60; steps++) {
      await page.keyboard.press(key);
      const label = await page.evaluate(() => {
        let element = document.activeElement;
        while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
        return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
      });
      if (typeof name === "string" ? label.startsWith(name) : name.test(label)) return;
    }
    throw new Error(`no ${name} by ${key}`);
  };
  await reach("A bad example");
  await page.keyboard.press("Enter");
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await reach("Manifest");
  await reach("Findings");
  await page.keyboard.press("ArrowRight");
  await expect(app.tab("Readiness")).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await reach(/cpu request 500m is above/);
  await page.keyboard.press("Enter");
  await expect(app.editor).toBeFocused();
  await expect(page.locator(".cm-activeLine")).toContainText("requests: {cpu: 500m}");
  await reach("Examples", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "A bad service" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(app.tab("Findings")).toContainText("0");
});

test("a key that comes as soon as a menu is open counts", async ({ app: { page } }) => {
  await page.evaluate(() => {
    document.querySelector<HTMLElement>("[aria-label=Examples]")?.click();
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  });
  await expect(page.getByRole("button", { name: "Examples" })).toHaveAttribute("aria-expanded", "true");
  await expect(page.getByRole("menuitem", { name: "A good service" })).toBeFocused();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const [device, viewport] of [
    ["desktop", { width: 1440, height: 900 }],
    ["phone", { width: 390, height: 844 }],
  ] as const) {
    test.describe(`${device}, ${colorScheme}`, () => {
      test.use({ colorScheme, viewport, contextOptions: { reducedMotion: "reduce" } });

      test("axe finds nothing on any view, and nothing overflows", async ({ app, page }) => {
        await accessible(app, "start");
        await app.example("bad");
        for (const view of device === "phone"
          ? ["Findings", "Editor", "Readiness", "Rules"]
          : ["Findings", "Readiness", "Rules"]) {
          await app.tab(view).click();
          await accessible(app, view);
        }
        await page.getByRole("button", { name: /^Containers have cpu and memory/ }).click();
        await page.getByText("Settings", { exact: true }).click();
        await accessible(app, "a rule with settings");
        await page.getByRole("button", { name: "Theme" }).click();
        await accessible(app, "a menu");
        await page.keyboard.press("Escape");
        if (device === "phone") await app.tab("Editor").click();
        await app.type("a: 1\na: 2\n---\n" + deployment(`example.com/${"very-long-name/".repeat(12)}web:latest`));
        await app.tab("Findings").click();
        await expect(app.findings).toContainText("is there twice");
        await accessible(app, "problems and long messages");
      });
    });
  }
}

async function accessible(app: App, view: string): Promise<void> {
  await app.settled();
  // By the debugger's way, which the content security policy does not concern.
  const browser = await app.context.newCDPSession(app.page);
  await browser.send("Runtime.evaluate", { expression: axe });
  const results = await app.page.evaluate(
    async () => (await (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run()).violations,
  );
  await browser.detach();
  // One of a kind is enough to mend it.
  const told = results.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  expect(told, view).toEqual([]);
  const overflow = await app.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, `${view} overflows`).toBeLessThanOrEqual(0);
}

test("what deploys workloads and was not checked is amber, never green", async ({ app }) => {
  const source = "{source: {repoURL: 'https://charts.example.com', chart: redis}}";
  await app.type(`apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: redis}\nspec: ${source}\n`);
  await expect(app.findings).toContainText("Application redis deploys the chart redis of https://charts.example.com");
  await expect(app.findings).toContainText("argocd app manifests redis | seaworthy check -");
  await expect(app.findings.locator(".notice.incomplete")).toContainText("Incomplete");
  await expect(app.findings.locator(".notice.good")).toHaveCount(0);
  await expect(app.tab("Findings").locator(".badge.incomplete")).toBeVisible();
});
