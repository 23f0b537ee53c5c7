import { type App, deployment, expect, test } from "./page.ts";

test("each finding shows its path", async ({ app }) => {
  await app.type(deployment("example.com/web:latest"));
  await expect(app.finding("the tag latest is mutable").locator(".path")).toHaveText(
    "spec.template.spec.containers[0].image",
  );
});

test("a fix is applied, marked for Ctrl+Z and undone by the toast", { tag: "@firefox" }, async ({ app }) => {
  const before = deployment("example.com/web:1.4.2", "          # stays\n          securityContext: {privileged: true}\n");
  await app.type(before);
  const finding = applicable(app);
  await expect(finding).toBeVisible();
  const message = await finding.locator(".message").innerText();
  await finding.getByRole("button", { name: /^Apply/ }).click();
  await expect(app.toast).toContainText("Applied the fix of");
  await expect(app.editor).toContainText("# stays");
  await expect(app.finding(message)).toHaveCount(0);
  expect(await app.text()).not.toBe(before);
  await app.toast.getByRole("button", { name: "Undo" }).click();
  await expect(app.finding(message)).toBeVisible();
  expect((await app.text()).trim()).toBe(before.trim());
  await app.finding(message).getByRole("button", { name: /^Apply/ }).click();
  await expect(app.finding(message)).toHaveCount(0);
  await app.undo();
  await expect(app.finding(message)).toBeVisible();
  expect((await app.text()).trim()).toBe(before.trim());
});

test("a fix is copied as it would stand in the manifest", async ({ app }) => {
  await app.type(deployment());
  const finding = app.finding("no cpu limit");
  const fix = await finding.locator(".fix code").innerText();
  await finding.getByRole("button", { name: "Copy" }).click();
  await expect(app.toast).toContainText("The fix is copied");
  expect(await app.page.evaluate(() => navigator.clipboard.readText())).toBe(fix);
});

test("a fix whose text changed meanwhile is not applied", async ({ app }) => {
  await app.type(deployment());
  const finding = applicable(app);
  await expect(finding).toBeVisible();
  // In one go: no new findings come in between.
  await finding.getByRole("button", { name: /^Apply/ }).evaluate((apply: HTMLElement) => {
    const content = document.querySelector(".editor-root")?.shadowRoot?.querySelector<HTMLElement>(".cm-content");
    content?.focus();
    document.execCommand("insertText", false, "#");
    apply.click();
  });
  await expect(app.page.getByRole("alert").filter({ hasText: "was not applied" })).toContainText("has just changed");
});

test("a fix beneath its line is made in the object that it is about, wherever that stands by now", async ({ app, page }) => {
  const [web, other] = [deployment(), deployment().replaceAll("web", "other")];
  await app.type(web);
  await applicable(app).getByRole("button").first().click();
  const told = page.getByRole("note", { name: "Finding" });
  await expect(told).toBeVisible();
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText(`${other}---\n`);
  await expect(app.findings.getByRole("heading", { name: "Deployment shop/other" })).toBeVisible();
  await told.getByRole("button", { name: /^Apply/ }).click();
  await expect(app.toast).toContainText("Applied the fix of");
  const [first = "", second = ""] = (await app.text()).split("---\n");
  expect(first.trim()).toBe(other.trim());
  expect(second.trim()).not.toBe(web.trim());
});

test("a finding that was closed stays closed when the text changes", async ({ app, page }) => {
  await app.type(deployment());
  await applicable(app).getByRole("button").first().click();
  const told = page.getByRole("note", { name: "Finding" });
  await told.getByRole("button", { name: "Close this finding" }).click();
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText(`${deployment().replaceAll("web", "other")}---\n`);
  await expect(app.findings.getByRole("heading", { name: "Deployment shop/other" })).toBeVisible();
  await expect(told).toHaveCount(0);
});

test("the finding that led to a line stands beneath it, until it is fixed or closed", async ({ app }) => {
  await app.type(deployment("example.com/web:latest"));
  await app.finding("the tag latest is mutable").getByRole("button").first().click();
  const told = app.page.getByRole("note", { name: "Finding" });
  await expect(told).toContainText("the tag latest is mutable");
  await expect(told).toContainText("spec.template.spec.containers[0].image");
  await told.getByRole("button", { name: "Close this finding" }).click();
  await expect(told).toHaveCount(0);
  await app.finding("the tag latest is mutable").getByRole("button").first().click();
  await expect(told).toBeVisible();
  await app.type(deployment("example.com/web:1.4.2"));
  await expect(told).toHaveCount(0);
});

/** Some finding with an edit that can be applied. */
function applicable(app: App): import("@playwright/test").Locator {
  return app.findings
    .getByRole("listitem")
    .filter({ has: app.page.getByRole("button", { name: /^Apply/ }) })
    .first();
}
