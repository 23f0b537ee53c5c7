import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { App, deployment, expect, test } from "./page.ts";

test("files are added, renamed and closed, and closing is undone", async ({ app }) => {
  await app.type(deployment());
  const files = app.page.getByRole("navigation", { name: "Files" });
  await files.getByRole("button", { name: "Rename manifest.yaml" }).click();
  await app.page.getByRole("textbox", { name: "New name of manifest.yaml" }).fill("web.yaml");
  await app.page.keyboard.press("Enter");
  await expect(app.findings.getByText(/^web\.yaml:/).first()).toBeVisible();
  await files.getByRole("button", { name: "Close web.yaml" }).click();
  await expect(app.findings).toContainText("Nothing to check yet");
  await app.page.getByRole("button", { name: "Undo" }).click();
  await expect(app.finding("no readinessProbe")).toBeVisible();
  await expect(app.editor).toContainText("kind: Deployment");
});

test("a folder that is dropped is read, and counts as complete", async ({ app }, info) => {
  const folder = info.outputPath("service");
  await mkdir(join(folder, "base"), { recursive: true });
  await writeFile(join(folder, "base/deployment.yaml"), deployment().replace("replicas: 1", "replicas: 2"));
  await writeFile(join(folder, "README.md"), "no manifest");
  await drop(app, [folder]);
  const files = app.page.getByRole("navigation", { name: "Files" });
  await expect(files.getByRole("button", { name: "service/base/deployment.yaml" }).first()).toBeVisible();
  await expect(files.getByRole("listitem")).toHaveCount(1);
  await expect(app.page.getByRole("radio", { name: "complete" })).toBeChecked();
  await expect(app.finding("no PodDisruptionBudget selects its pods")).toBeVisible();
});

test("a file that is dropped on the editor opens beside the others, and is not typed into them", async ({
  app,
}, info) => {
  await app.type(deployment());
  const file = info.outputPath("other.yaml");
  await writeFile(file, deployment("example.com/other:latest"));
  await drop(app, [file]);
  await expect(app.editor).toHaveAccessibleName("Manifest other.yaml");
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await app.page.getByRole("button", { name: "manifest.yaml" }).first().click();
  await expect(app.editor).not.toContainText("other");
});

test("a link holds the files, the rules that are off and the settings, and opens in a fresh page", async ({
  app,
  browser,
  server,
}) => {
  await app.type(deployment("example.com/web:latest") + "# ⚓ kept\n");
  await app.page.getByRole("radio", { name: "complete" }).check({ force: true });
  await app.tab("Rules").click();
  await app.page.getByRole("switch", { name: "Enable readiness-probe" }).click();
  await app.page.getByRole("button", { name: "Share" }).click();
  await expect(app.toast).toContainText("The link");
  const address = await app.page.evaluate(() => navigator.clipboard.readText());
  expect(address).toMatch(/#s=[\w-]+$/);
  expect(app.page.url(), "the address bar, which is remembered, does not have it").not.toContain("#");

  const context = await browser.newContext();
  const other = new App(await context.newPage(), context, server);
  await other.load(new URL(address).hash);
  await expect(other.editor).toContainText("# ⚓ kept");
  await expect(other.finding("the tag latest is mutable")).toBeVisible();
  await expect(other.finding("no readinessProbe")).toHaveCount(0);
  await expect(other.page.getByRole("radio", { name: "complete" })).toBeChecked();
  await context.close();
});

test("a damaged link is said to be one, and leaves an empty page", async ({ app }) => {
  await app.page.goto("about:blank");
  await app.load("#s=AAAA_not_a_link");
  await expect(app.toast).toContainText("This link is damaged");
  await expect(app.findings).toContainText("Nothing to check yet");
});

for (const [label, name, says] of [
  ["Checklist", "readiness.md", "## Production readiness"],
  ["SARIF", "seaworthy.sarif", '"version": "2.1.0"'],
  ["Report", "report.json", "seaworthy.dev/report/v1"],
] as const) {
  test(`${label} is saved as ${name}`, async ({ app }) => {
    await app.example("bad");
    await app.page.getByRole("button", { name: "Download" }).click();
    const [download] = await Promise.all([
      app.page.waitForEvent("download"),
      app.page.getByRole("menuitem", { name: label }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(name);
    expect((await readFile(await download.path(), "utf8")).replaceAll('":"', '": "')).toContain(says);
  });
}

/** Drops files as a file manager does: the browser itself reads them from disk. */
async function drop(app: App, files: string[]): Promise<void> {
  const browser = await app.context.newCDPSession(app.page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await browser.send("Input.dispatchDragEvent", { type, x: 400, y: 400, data });
  }
}
