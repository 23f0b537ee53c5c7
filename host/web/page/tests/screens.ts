/**
 * Pictures of the page, to be looked at: each view on screens from a small phone to a wide desk, light and dark.
 * `make web-screens` writes them to `target/web/screens`; nothing is asserted.
 */
import { resolve } from "node:path";
import { deployment, test } from "./page.ts";

const target = process.env["CARGO_TARGET_DIR"] ?? resolve(import.meta.dirname, "../../../../target");
const SIZES = [
  [320, 640],
  [390, 844],
  [844, 390],
  [1024, 768],
  [1440, 900],
  [1920, 1080],
] as const;

for (const [width, height] of SIZES) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${width} ${colorScheme}`, { tag: "@screens" }, () => {
      test.use({ viewport: { width, height }, colorScheme, contextOptions: { reducedMotion: "reduce" } });

      test("is pictured", async ({ app, page }) => {
        const isNarrow = width < 860;
        let number = 0;
        const shoot = async (name: string): Promise<void> => {
          await app.settled();
          const file = `${width}-${colorScheme}-${++number}-${name}.png`;
          await page.screenshot({ path: resolve(target, "web/screens", file) });
        };
        await shoot("start");
        await app.example("bad");
        await app.tab("Findings").click();
        await shoot("findings");
        await app.finding("the cpu request 500m is above the limit").getByRole("button").first().click();
        await shoot("told");
        await app.tab("Readiness").click();
        await shoot("scorecard");
        await app.tab("Rules").click();
        await shoot("rules");
        await page.getByRole("button", { name: /^Containers have cpu and memory/ }).click();
        await page.getByText("Settings", { exact: true }).click();
        await shoot("rule");
        if (isNarrow) await app.tab("Editor").click();
        const [chooser] = await Promise.all([
          page.waitForEvent("filechooser"),
          page
            .getByRole("button", { name: "Add files" })
            .click()
            .then(() => page.getByRole("menuitem", { name: "Open files…" }).click()),
        ]);
        await chooser.setFiles(
          Array.from({ length: 24 }, (_, index) => ({
            name: `service-${index}.yaml`,
            mimeType: "text/yaml",
            buffer: Buffer.from(deployment().replaceAll("web", `service-${index}`)),
          })),
        );
        await app.settled();
        if (isNarrow) await page.getByRole("button", { name: "Tree of files" }).click();
        await shoot("many");
        if (isNarrow) await page.getByRole("button", { name: "Tree of files" }).click();
        await app.type("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: b}\n");
        await shoot("secret");
        await app.tab("Readiness").click();
        await shoot("overview");
      });
    });
  }
}
