/**
 * What every test of the page needs: the page, loaded; and for every test, that no request leaves after load and that
 * nothing is said on the console.
 */
import { type BrowserContext, expect, type Locator, type Page, test as base } from "@playwright/test";
import { StaticServer } from "./server.ts";

interface Fixtures {
  app: App;
}

interface WorkerFixtures {
  server: { site: StaticServer; address: string };
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const site = new StaticServer();
      await use({ site, address: await site.start() });
      site.stop();
    },
    { scope: "worker" },
  ],
  app: async ({ page, context, server }, use) => {
    const errors: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.message));
    const app = new App(page, context, server);
    await app.load();
    await use(app);
    expect(app.requestsAfterLoad(), "no request leaves after load").toEqual([]);
    expect(errors, "nothing on the console").toEqual([]);
  },
});

export { expect };

export class App {
  readonly editor: Locator;
  readonly findings: Locator;
  /** What the page says in passing. */
  readonly toast: Locator;
  #loaded: string[] = [];
  #asked: string[] = [];

  constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly server: WorkerFixtures["server"],
  ) {
    this.editor = page.getByRole("textbox", { name: /^Manifest/ });
    this.findings = page.getByRole("tabpanel", { name: "Findings" });
    this.toast = page.locator(".toast");
    context.on("request", (request) => this.#asked.push(request.url()));
  }

  /** Opens the page and waits until it can judge. */
  async load(fragment = ""): Promise<void> {
    await this.page.goto(`${this.server.address}${fragment}`, { waitUntil: "networkidle" });
    await this.#ready();
  }

  /** Loads it again, as it stands in the address bar. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: "networkidle" });
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.settled();
    await expect(this.page.locator("html")).toHaveAttribute("data-editor", "ready");
    this.#loaded = [...this.#asked];
  }

  /** Nothing is being judged, and everything on the page is of the newest text. */
  async settled(): Promise<void> {
    await expect(this.page.locator("html")).toHaveAttribute("data-state", /^(empty|judged|refused|failed)$/);
  }

  /** Addresses of pages, scripts, files asked for since then; blobs are the page's own. */
  requestsAfterLoad(): string[] {
    return this.#asked.slice(this.#loaded.length).filter((url) => !/^(blob|data):/.test(url));
  }

  async example(name: "bad" | "good"): Promise<void> {
    await this.page
      .getByRole("button", { name: `A ${name} example` })
      .first()
      .click();
    await expect(this.tab("Findings")).toContainText(/\d/);
  }

  /** Puts `text` in place of the file. */
  async type(text: string): Promise<void> {
    // On the first line: below it stands the welcome.
    await this.editor.click({ position: { x: 60, y: 20 } });
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** What the page holds of the file that is open. */
  text(): Promise<string> {
    return this.editor.evaluate((content) => {
      const lines = [...content.querySelectorAll(".cm-line")].map((line) => line.textContent);
      return lines.join("\n");
    });
  }

  /** What a reader presses to take back what was done last. */
  async undo(): Promise<void> {
    await this.editor.focus();
    await this.page.keyboard.press("ControlOrMeta+z");
  }

  tab(name: string): Locator {
    return this.page.getByRole("tab", { name });
  }

  finding(message: string | RegExp): Locator {
    return this.findings.getByRole("listitem").filter({ hasText: message });
  }

  /** Opens the documentation of a rule. */
  async rule(title: RegExp): Promise<void> {
    await this.tab("Rules").click();
    await this.page.getByRole("button", { name: title }).click();
  }
}

/** A Deployment that lacks almost everything; `more` stands in its container. */
export function deployment(image = "example.com/web:1.4.2", more = ""): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: ${image}
${more}`;
}
