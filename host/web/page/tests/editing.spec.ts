import { deployment, expect, test } from "./page.ts";

test("a finding appears while one types, and goes when it is fixed", { tag: "@firefox" }, async ({ app }) => {
  await app.type(deployment("example.com/web:latest"));
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await app.page.keyboard.press("ControlOrMeta+f");
  await app.page.getByRole("textbox", { name: "Find" }).pressSequentially("latest");
  await app.page.keyboard.press("Enter");
  await app.page.keyboard.press("Escape");
  await app.page.keyboard.insertText("1.4.2");
  await expect(app.finding("the tag latest is mutable")).toHaveCount(0);
  await expect(app.finding("no readinessProbe")).toBeVisible();
});

test("findings are marked in the text and in the gutter, and say what to write", async ({ app }) => {
  await app.example("bad");
  await expect(app.page.locator(".cm-lintRange-error").first()).toBeVisible();
  await app.page.locator(".cm-lint-marker-error").first().hover();
  await expect(app.page.locator(".cm-tooltip-lint")).toContainText("Fix");
});

test("the list jumps to the line", { tag: "@firefox" }, async ({ app }) => {
  await app.example("bad");
  await app.finding("the cpu request 500m is above the limit").getByRole("button").first().click();
  await expect(app.editor).toBeFocused();
  await expect(app.page.locator(".cm-activeLine")).toContainText("requests: {cpu: 500m}");
});

test("the list jumps to another file", async ({ app }) => {
  await app.type(deployment("example.com/web:latest"));
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await app.page.getByRole("button", { name: "Add files" }).click();
  await app.page.getByRole("menuitem", { name: "New file" }).click();
  await expect(app.editor).toHaveAccessibleName("Manifest manifest-2.yaml");
  await app.finding("the tag latest is mutable").getByRole("button").first().click();
  await expect(app.editor).toHaveAccessibleName("Manifest manifest.yaml");
  await expect(app.page.locator(".cm-activeLine")).toContainText("example.com/web:latest");
});

test("YAML that cannot be read is shown with its place, and is not taken for well", async ({ app }) => {
  await app.type("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\nspec: [\n");
  await expect(app.findings.getByRole("heading", { name: "manifest.yaml, line 5" })).toBeVisible();
  await expect(app.findings).toContainText("the key name is there twice");
  await expect(app.findings).not.toContainText("No check failed");
  await app.findings.getByRole("button", { name: "Go to the line" }).first().click();
  await expect(app.page.locator(".cm-activeLine")).toContainText("name: b");
});

test("2,000 lines are judged, and typing in them goes on", async ({ app }) => {
  const count = Math.ceil(2000 / deployment().split("\n").length) + 10;
  const text = Array.from({ length: count }, (_, index) =>
    deployment().replaceAll("name: web", `name: web-${index}`),
  ).join("---\n");
  expect(text.split("\n").length).toBeGreaterThan(2000);
  await app.type(text);
  await expect(app.page.getByText(`${count} objects`)).toBeVisible();
  await expect(app.page.getByRole("button", { name: /^Show .* more findings$/ })).toBeVisible();
  await app.page.keyboard.press("ControlOrMeta+Home");
  await app.page.keyboard.insertText(deployment("example.com/first:latest") + "---\n");
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
});

test("columns beyond the basic plane mark the right text", async ({ app }) => {
  const container = '- {env: [{name: SHIPS, value: "🚢🚢"}], name: app, image: example.com/web:latest}';
  await app.type(deployment().replace(/- name: app\n.*/, container));
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await expect
    .poll(() => app.page.locator(".cm-lintRange-error").allTextContents())
    .toContain("example.com/web:latest");
});

test("in a partial input an absent object is unknown, in a complete one it is missing", async ({ app }) => {
  await app.type(deployment().replace("replicas: 1", "replicas: 2"));
  await expect(app.findings.getByText(/answers? unknown/)).toBeVisible();
  await expect(app.finding("no PodDisruptionBudget selects its pods")).toHaveCount(0);
  await app.page.getByRole("radio", { name: "complete" }).check({ force: true });
  await expect(app.finding("no PodDisruptionBudget selects its pods")).toBeVisible();
});

test("the readiness tab shows the sections and their shares", async ({ app }) => {
  await app.example("good");
  await app.tab("Readiness").click();
  const card = app.page.getByRole("article", { name: "catalog" });
  await expect(card).toContainText("100 %");
  await expect(card.getByRole("heading", { level: 4 })).toHaveText([
    "Reliability",
    "Observability",
    "Security",
    "Operations",
    "Delivery",
  ]);
  await expect(app.tab("Findings")).toContainText("0");
});

test("a line of the readiness tab leads to the place that breaks it", async ({ app }) => {
  await app.example("bad");
  await app.tab("Readiness").click();
  const card = app.page.getByRole("article", { name: "storefront" });
  await card.getByText("Containers have cpu and memory requests and limits").click();
  await card.getByRole("button", { name: /cpu request 500m is above/ }).click();
  await expect(app.page.locator(".cm-activeLine")).toContainText("requests: {cpu: 500m}");
});
