import { deployment, expect, test } from "./page.ts";

const MINE = deployment("example.com/mine:latest");

for (const [what, replaced] of [
  ["an example", "The bad example"],
  ["an empty file", "An empty file"],
] as const) {
  test(`${what} in place of a text is undone by the toast and by Ctrl+Z`, async ({ app, page }) => {
    const start = async (): Promise<void> => {
      await page.getByRole("button", { name: "Examples" }).click();
      await page.getByRole("menuitem", { name: what === "an example" ? "A bad service" : "Start over" }).click();
      await expect(app.editor).not.toContainText("example.com/mine");
      await expect(app.toast).toContainText(replaced);
    };
    await app.type(MINE);
    await start();
    await app.toast.getByRole("button", { name: "Undo" }).click();
    await expect(app.editor).toContainText("example.com/mine");
    await expect(app.finding("the tag latest is mutable")).toBeVisible();
    await start();
    await app.undo();
    await expect(app.editor).toContainText("example.com/mine");
    await page.keyboard.press("ControlOrMeta+y");
    await expect(app.editor).not.toContainText("example.com/mine");
    await page.keyboard.press("ControlOrMeta+z");
    await expect(app.editor).toContainText("example.com/mine");
    // What was typed before is undone after that, as ever.
    await page.keyboard.press("ControlOrMeta+z");
    await expect(app.findings).toContainText("Nothing to check yet");
  });
}

test("what was typed into an example is undone before the example", { tag: "@firefox" }, async ({ app, page }) => {
  await app.type(MINE);
  await page.getByRole("button", { name: "Examples" }).click();
  await page.getByRole("menuitem", { name: "A bad service" }).click();
  await expect(app.editor).toContainText("storefront");
  await app.editor.focus();
  await page.keyboard.insertText("# typed\n");
  await expect(app.editor).toContainText("# typed");
  await app.undo();
  await expect(app.editor).not.toContainText("# typed");
  await expect(app.editor).toContainText("storefront");
  await app.undo();
  await expect(app.editor).toContainText("example.com/mine");
});

test("a file of the same name replaces a text only with a way back", async ({ app, page }) => {
  await app.type(MINE);
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page
      .getByRole("button", { name: "Add files" })
      .click()
      .then(() => page.getByRole("menuitem", { name: "Open files…" }).click()),
  ]);
  await chooser.setFiles({ name: "manifest.yaml", mimeType: "text/yaml", buffer: Buffer.from(deployment("example.com/theirs:1")) });
  await expect(app.editor).toContainText("example.com/theirs");
  await expect(app.toast).toContainText("1 file of the same name replaced");
  await app.undo();
  await expect(app.editor).toContainText("example.com/mine");
});

test("closing a file is undone, and what was typed elsewhere since stays", async ({ app, page }) => {
  await app.type(MINE);
  await page.getByRole("button", { name: "Add files" }).click();
  await page.getByRole("menuitem", { name: "New file" }).click();
  await expect(app.editor).toHaveAccessibleName("Manifest manifest-2.yaml");
  await page.keyboard.insertText("# second\n");
  await page.locator(".tab", { hasText: "manifest.yaml" }).click();
  await page.getByRole("button", { name: "Close manifest.yaml" }).click();
  await expect(app.editor).toContainText("# second");
  await app.editor.focus();
  await page.keyboard.insertText("# more\n");
  await app.toast.getByRole("button", { name: "Undo" }).click();
  await expect(app.editor).toContainText("example.com/mine");
  await page.locator(".tab", { hasText: "manifest-2.yaml" }).click();
  await expect(app.editor).toContainText("# more");
});

test("a reload keeps files, options and the file that was open", { tag: "@firefox" }, async ({ app, page }) => {
  await app.type(MINE);
  await page.getByRole("radio", { name: "complete" }).check({ force: true });
  await page.getByRole("button", { name: "Add files" }).click();
  await page.getByRole("menuitem", { name: "New file" }).click();
  await expect(app.editor).toHaveAccessibleName("Manifest manifest-2.yaml");
  await page.keyboard.insertText("# second\n");
  await app.load();
  await expect(app.editor).toHaveAccessibleName("Manifest manifest-2.yaml");
  await expect(app.editor).toContainText("# second");
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  await expect(page.getByRole("radio", { name: "complete" })).toBeChecked();
});

test("a switch keeps nothing over a reload, and is remembered", async ({ app, page }) => {
  const stored = (): Promise<number> => page.evaluate(() => sessionStorage.length);
  await app.type(MINE);
  await expect.poll(stored).toBe(1);
  const toggle = page.getByRole("switch", { name: "Keep on reload" });
  await expect(toggle).toBeChecked();
  await toggle.click();
  expect(await stored()).toBe(0);
  await app.load();
  await expect(app.findings).toContainText("Nothing to check yet");
  await expect(toggle).not.toBeChecked();
  await app.type(MINE);
  await expect(app.finding("the tag latest is mutable")).toBeVisible();
  // What would be written a moment after the last key is written at once when the page is hidden.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  expect(await stored()).toBe(0);
});

test("a Secret that is kept is said to be", async ({ app, page }) => {
  const note = page.getByText("manifest.yaml holds a Secret: this tab stores it until you close it.");
  await app.type("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n");
  await expect(note).toBeVisible();
  await page.getByRole("switch", { name: "Keep on reload" }).click();
  await expect(note).toHaveCount(0);
});

test("a link is not opened again over what was written since", async ({ app, page }) => {
  await app.type(MINE);
  await page.getByRole("button", { name: "Share" }).click();
  await expect(app.toast).toContainText("The link");
  const { hash } = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  await page.goto("about:blank");
  await app.load(hash);
  await expect(app.editor).toContainText("example.com/mine");
  await app.editor.focus();
  await page.keyboard.insertText("# since\n");
  await app.reload();
  await expect(app.editor).toContainText("# since");
});
