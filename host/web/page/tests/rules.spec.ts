import { deployment, expect, test } from "./page.ts";
import { policy } from "./policy.ts";

test("a rule that is off finds nothing, and on it does again", async ({ app }) => {
  await app.type(deployment());
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await app.tab("Rules").click();
  const toggle = app.page.getByRole("switch", { name: "Enable readiness-probe" });
  await toggle.click();
  await app.tab("Findings").click();
  await expect(app.finding("no readinessProbe")).toHaveCount(0);
  await expect(app.finding("no cpu limit")).toBeVisible();
  await app.tab("Rules").click();
  await toggle.click();
  await app.tab("Findings").click();
  await expect(app.finding("no readinessProbe")).toBeVisible();
});

test("typing that changes no count makes neither the tabs nor the list of rules anew", async ({ app, page }) => {
  await app.type(deployment());
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await app.tab("Rules").click();
  const judged = (): Promise<number> => page.evaluate(() => performance.getEntriesByName("seaworthy-judged").length);
  const parts = [page.locator(".rule-row").first(), page.locator(".tab").first()];
  for (const part of parts) await part.evaluate((element) => element.setAttribute("data-marked", ""));
  const before = await judged();
  await app.editor.focus();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText("# a note\n");
  await expect.poll(judged).toBeGreaterThan(before);
  for (const part of parts) await expect(part).toHaveAttribute("data-marked", "");
});

test("a setting changes a verdict, and back to the defaults changes it back", { tag: "@firefox" }, async ({ app }) => {
  await app.type(deployment());
  await expect(app.finding("no cpu limit")).toBeVisible();
  await app.rule(/^Containers have cpu and memory/);
  await app.page.getByText("Settings", { exact: true }).click();
  await app.page.getByRole("switch", { name: "cpu_limit" }).click();
  await app.tab("Findings").click();
  await expect(app.finding("no cpu limit")).toHaveCount(0);
  await expect(app.finding("no memory limit")).toBeVisible();
  await app.tab("Rules").click();
  await app.page.getByRole("button", { name: "Back to the defaults" }).click();
  await app.tab("Findings").click();
  await expect(app.finding("no cpu limit")).toBeVisible();
});

test("numbers, texts and lists are settings too", async ({ app }) => {
  await app.type(deployment("example.com/web:edge"));
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await app.rule(/^Images have a digest or an immutable tag/);
  await app.page.getByText("Settings", { exact: true }).click();
  await app.page.getByRole("button", { name: "Add a value" }).click();
  await app.page.keyboard.type("edge");
  await app.page.keyboard.press("Tab");
  await app.tab("Findings").click();
  await expect(app.finding("the tag edge is mutable")).toBeVisible();
  await app.tab("Rules").click();
  await app.page.getByRole("button", { name: "All rules" }).click();
  await app.rule(/^Rollouts wait until/);
  await app.page.getByText("Settings", { exact: true }).click();
  await app.page.getByRole("spinbutton", { name: "at_least" }).fill("77");
  await app.page.keyboard.press("Tab");
  await app.tab("Findings").click();
  await expect(app.finding("77 seconds")).toBeVisible();
});

test("a rule of one's own is written in a nested form, and judges once it is whole", async ({ app }) => {
  await app.type(deployment());
  await app.rule(/^Objects meet your own assertions/);
  await app.page.getByRole("button", { name: "Add an entry" }).click();
  const fill = async (name: string, text: string): Promise<void> => {
    await app.page.getByRole("textbox", { name: new RegExp(`^${name}\\b`) }).fill(text);
    await app.page.keyboard.press("Tab");
    await app.settled();
  };
  await fill("condition", "exists");
  await fill("group", "apps");
  await fill("kind", "Deployment");
  await fill("query", "$.metadata.labels.team");
  await app.tab("Findings").click();
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await app.tab("Rules").click();
  await fill("message", "say which team it is");
  await app.tab("Findings").click();
  await expect(app.finding("say which team it is")).toBeVisible();
});

test("settings that are refused are said to be, where they are written", async ({ app }) => {
  await app.type(deployment());
  await app.rule(/^Containers have cpu and memory/);
  await app.page.getByText("Settings", { exact: true }).click();
  await app.page.getByRole("textbox", { name: "cpu_max", exact: true }).fill("a lot");
  await app.page.keyboard.press("Tab");
  await expect(app.page.getByRole("alert")).toContainText("cpu_max");
});

test("a rule's documentation is shown, and its examples open in the editor", async ({ app }) => {
  await app.rule(/^Images have a digest or an immutable tag/);
  await expect(app.page.getByRole("heading", { name: "Why" })).toBeVisible();
  await app.page.getByRole("button", { name: "Open in the editor" }).first().click();
  await expect(app.editor).toHaveAccessibleName("Manifest immutable-image-tag.yaml");
  await app.tab("Findings").click();
  await expect(app.findings.getByRole("button", { name: "immutable-image-tag" }).first()).toBeVisible();
});

test("somebody else's policy judges beside the rules, until it is removed", async ({ app }) => {
  await app.type(deployment());
  await bring(app, "no-fridays", policy({ accepted: false, message: "it is Friday" }));
  await expect(app.page.getByRole("heading", { level: 2 }).last()).toBeVisible();
  await app.tab("Findings").click();
  await expect(app.finding("it is Friday")).toBeVisible();
  await app.tab("Rules").click();
  await app.page.getByRole("button", { name: "Remove this policy" }).click();
  await app.tab("Findings").click();
  await expect(app.finding("it is Friday")).toHaveCount(0);
  await expect(app.finding("no readinessProbe")).toBeVisible();
});

test("what a policy says of itself and of a manifest is text, whatever it looks like", async ({ app }) => {
  const html = "<img src=x onerror=alert(1)>";
  await app.type(deployment());
  await bring(
    app,
    "html",
    policy({ accepted: false, message: html }, `${html} and [a link](javascript:alert(1)) of **theirs**`),
  );
  const pane = app.page.getByRole("tabpanel", { name: "Rules" });
  await expect(pane).toContainText(`${html} and a link (javascript:alert(1)) of theirs`);
  await expect(pane.locator("strong")).toHaveText("theirs");
  await app.tab("Findings").click();
  await expect(app.finding(html)).toBeVisible();
  await expect(app.page.locator("main img, main a")).toHaveCount(0);
});

test("a policy that loops for ever is its own error, and the others' verdicts stand", { tag: "@firefox" }, async ({ app }) => {
  await app.type(deployment());
  await expect(app.finding("no readinessProbe")).toBeVisible();
  const count = app.page.locator(".tab .count");
  const before = Number.parseInt(await count.innerText(), 10);
  await bring(app, "endless", policy("loop"));
  await app.tab("Findings").click();
  await expect(app.findings.getByRole("heading", { name: "endless could not decide" })).toBeVisible();
  await expect(count, "the file has one failure more").toContainText(new RegExp(`^${before + 1}\\b`));
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await app.type(deployment("example.com/web:latest"));
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await app.findings.getByRole("button", { name: "Check without it" }).click();
  await expect(app.findings.getByRole("heading", { name: "endless could not decide" })).toHaveCount(0);
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
});

test("what is no policy is refused in words", async ({ app }) => {
  await app.type(deployment());
  await bring(app, "junk", Buffer.from("not wasm at all"));
  const said = app.page.getByRole("alert").filter({ hasText: "junk" });
  await expect(said).toContainText("junk.wasm cannot be used as a policy: not a valid WebAssembly module");
  const red = await said.locator(".toast").evaluate((toast) => getComputedStyle(toast).color);
  const error = await app.page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement("p"));
    probe.style.color = "var(--error)";
    return getComputedStyle(probe).color;
  });
  expect(red).toBe(error);
  await said.getByRole("button", { name: "Close" }).click();
  await expect(said).toHaveCount(0);
});

async function bring(app: import("./page.ts").App, name: string, wasm: Buffer): Promise<void> {
  await app.tab("Rules").click();
  const [chooser] = await Promise.all([
    app.page.waitForEvent("filechooser"),
    app.page.getByRole("button", { name: "Add a policy" }).click(),
  ]);
  await chooser.setFiles({ name: `${name}.wasm`, mimeType: "application/wasm", buffer: wasm });
  // The page shows it of its own accord as soon as it is there: nothing else is to be clicked before.
  await expect(app.toast).toContainText(name);
}
