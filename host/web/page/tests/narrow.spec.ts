import { type App, deployment, expect, test } from "./page.ts";

for (const viewport of [
  { width: 320, height: 640 },
  { width: 844, height: 390 },
]) {
  test.describe(`${viewport.width} px`, () => {
    test.use({ viewport });

    test("nothing overflows, and whatever a finger hits is 44 px", async ({ app, page }) => {
      await whole(app, "start");
      await app.example("bad");
      for (const view of ["Findings", "Readiness", "Rules", "Editor"]) {
        await app.tab(view).click();
        await whole(app, view);
      }
      await app.type(`${deployment(`example.com/${"very-long-name/".repeat(8)}web:latest`)}---\n${deployment()}`);
      await app.tab("Findings").click();
      await whole(app, "long names");
      await app.finding("the tag latest is mutable").getByRole("button").first().click();
      await whole(app, "a finding beneath its line");
      await app.tab("Rules").click();
      await page.getByRole("button", { name: /^Containers have cpu and memory/ }).click();
      await page.getByText("Settings", { exact: true }).click();
      await whole(app, "a rule with settings");
      await page.getByRole("button", { name: "Examples" }).click();
      await whole(app, "a menu");
    });
  });
}

test.describe("a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test("the finding that was tapped stands beneath its line", async ({ app, page }) => {
    await app.type(deployment("example.com/web:latest"));
    await app.tab("Findings").click();
    await app.finding("the tag latest is mutable").getByRole("button").first().click();
    const told = page.getByRole("note", { name: "Finding" });
    await expect(told).toBeInViewport({ ratio: 1 });
    await expect(page.locator(".cm-activeLine")).toBeInViewport();
    const [line, card] = await Promise.all([page.locator(".cm-activeLine").boundingBox(), told.boundingBox()]);
    expect((card?.y ?? 0) - (line?.y ?? 0) - (line?.height ?? 0)).toBeLessThan(24);
  });

  test("tables keep words whole", async ({ app, page }) => {
    await app.tab("Rules").click();
    await expect(page.getByRole("switch").first()).toBeVisible();
    let words = 0;
    for (const rule of ["field-assertions", "exposure", "required-labels", "allowed-registries"]) {
      await page.locator(".rule-open", { has: page.getByText(rule, { exact: true }) }).first().click();
      const broken = await page.locator(".prose").evaluate(brokenWords);
      expect(broken.words, rule).toEqual([]);
      words += broken.count;
      await page.getByRole("button", { name: "All rules" }).click();
    }
    expect(words, "there are tables").toBeGreaterThan(0);
  });
});

/** Words of table cells that stand on more than one line. */
function brokenWords(prose: Element): { count: number; words: string[] } {
  const words: string[] = [];
  let count = 0;
  for (const cell of prose.querySelectorAll("td, th")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const match of (node.textContent ?? "").matchAll(/[A-Za-z]{3,}/g)) {
        const range = document.createRange();
        range.setStart(node, match.index);
        range.setEnd(node, match.index + match[0].length);
        count++;
        if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) words.push(match[0]);
      }
    }
  }
  return { count, words };
}

async function whole(app: App, view: string): Promise<void> {
  await app.settled();
  const wrong = await app.page.evaluate(() => {
    const told: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) told.push(`the page is ${scrollWidth} px wide`);
    const roots: (Document | ShadowRoot)[] = [document];
    for (const element of document.querySelectorAll("*")) if (element.shadowRoot) roots.push(element.shadowRoot);
    const targets = roots.flatMap((root) => [
      ...root.querySelectorAll<HTMLElement>("button, summary, select, input, [role=tab], a[href]"),
    ]);
    for (const target of targets) {
      if (!target.checkVisibility({ visibilityProperty: true })) continue;
      // A radio or a checkbox is hit by its label too.
      const hit = target.closest("label") ?? target;
      const { width, height, left, right } = hit.getBoundingClientRect();
      const name = `${target.tagName} ${target.className} ${(target.getAttribute("aria-label") ?? target.textContent ?? "").slice(0, 40)}`;
      if (Math.round(width) < 44 || Math.round(height) < 44) told.push(`${name}: ${Math.round(width)} x ${Math.round(height)}`);
      const isScrolled = target.closest(".tabs, .table, .tree, .cm-scroller, pre") !== null;
      if (!isScrolled && (left < -1 || right > innerWidth + 1)) told.push(`${name} sticks out`);
    }
    return told;
  });
  expect(wrong, view).toEqual([]);
}
