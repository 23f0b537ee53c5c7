/**
 * Judges the workspace in the Worker, a moment after the last change, and tells the page what came of it.
 *
 * What the page shows is always of the newest text: an answer that was overtaken is dropped.
 */
import type { SeaworthyWorker } from "seaworthy";
import { start } from "./engine";
import { bad, good } from "./examples";
import type { CheckOptions, Edit, PolicyInfo, Readiness, Report, Result, RuleMetadata } from "./model";
import type { Workspace } from "./workspace";

export type Outcome =
  /** `share` of the bytes of engine and rules is here, from 0 to 1. */
  | { state: "loading"; share: number }
  /** The engine or the rules did not come: nothing can be judged. */
  | { state: "failed"; message: string }
  | { state: "empty" }
  /** The engine does not accept what it was given, such as settings. */
  | { state: "refused"; message: string }
  /** The checklist comes a moment after the report. `off` counts the rules that the reader turned off. */
  | { state: "judged"; report: Report; readiness?: Readiness; off: number; milliseconds: number };

/** How long typing must rest before it is judged. */
const REST_MS = 140;

/** After so many rounds answers become hardly faster. All together take about a second of the Worker's time. */
const WARM_UPS = 30;

export class Judge {
  outcome: Outcome = { state: "loading", share: 0 };
  rules: RuleMetadata[] = [];
  /** Policies that the reader brought, with their bytes: one is added anew to get settings. */
  readonly own = new Map<string, ArrayBuffer>();
  #worker: SeaworthyWorker | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;
  /** How often something changed, and which of these changes the report knows. */
  #changes = 0;
  #reported = -1;
  #listeners: ((outcome: Outcome, busy: boolean) => void)[] = [];

  constructor(readonly workspace: Workspace) {
    workspace.onChange((change) => {
      if (change !== "active") this.request(change === "text" ? REST_MS : 0);
    });
  }

  onOutcome(listener: (outcome: Outcome, busy: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Loads the engine and the rules; may be called again after it failed. */
  async load(): Promise<void> {
    this.#tell({ state: "loading", share: 0 }, true);
    // What else was asked for may go on coming after one of them failed.
    let failed = false;
    try {
      this.#worker = await start((share) => {
        if (!failed) this.#tell({ state: "loading", share }, true);
      });
      this.rules = await this.#worker.rules();
    } catch (error) {
      failed = true;
      this.#tell({ state: "failed", message: said(error) }, false);
      return;
    }
    performance.mark("seaworthy-ready");
    await this.#judge();
  }

  /**
   * Judges the examples while the page is empty and nobody waits: browsers compile what is called for the first time, and
   * make faster what is called often, so that the first answers would take three times as long.
   */
  async warmUp(): Promise<void> {
    if (this.outcome.state !== "empty") return;
    const generation = this.#generation;
    const files = [...good().files, ...bad().files];
    for (let round = 0; round < WARM_UPS && this.#generation === generation; round++) {
      // Under another name each time: what was judged before is not judged again.
      const renamed = files.map(({ name, text }) => ({ name, text: text.replaceAll("shop", `shop-${round}`) }));
      // What goes wrong is said when somebody asks.
      await this.#worker?.check(renamed, { world: "complete", profile: "full" }).catch(() => undefined);
    }
  }

  request(delay: number): void {
    this.#changes++;
    if (!this.#worker) return;
    this.#tell(this.outcome, true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#judge(), delay);
  }

  /** A link may name rules that are not here, or settings of a policy that its author brought: they are left out. */
  options(): CheckOptions {
    const { off, settings, sources, world } = this.workspace;
    // The one that is nearest to the root of what was dropped here counts, as on the command line.
    const named = sources.filter(({ name }) => /(^|\/)seaworthy\.yaml$/.test(name));
    const [config] = named.sort((one, other) => one.name.length - other.name.length);
    const isHere = (name: string): boolean => this.rules.some((rule) => rule.name === name);
    return {
      world,
      profile: "full",
      ...(config ? { config: config.text } : {}),
      skip: [...off].filter(isHere),
      settings: Object.fromEntries([...settings].filter(([name]) => isHere(name) && !this.own.has(name))),
    };
  }

  async sarif(): Promise<string> {
    return this.#running().sarif(this.workspace.sources, this.options());
  }

  async markdown(): Promise<string> {
    return this.#running().markdown(this.workspace.sources, this.options());
  }

  async json(): Promise<string> {
    return this.#running().checkJson(this.workspace.sources, this.options());
  }

  /** The text of a file with an edit made in one of its objects. */
  async edited(name: string, object: Result["object"], edit: Edit): Promise<string> {
    const file = this.workspace.byName(name);
    // Of an older text the places may be others.
    if (!file || this.#reported !== this.#changes) throw new Error("The text has just changed: wait for the new findings.");
    const { text } = file;
    const edited = await this.#running().edited({ name, text }, object, edit);
    if (file.text !== text) throw new Error("The text has just changed: wait for the new findings.");
    return edited;
  }

  /** Judges by a policy that the reader brought, too. It takes the place of one that was brought under the same name. */
  async addPolicy(name: string, wasm: ArrayBuffer, settings?: unknown): Promise<PolicyInfo> {
    const worker = this.#running();
    if (this.own.has(name)) await worker.removePolicy(name);
    const policy = await worker.addPolicy(name, wasm, settings);
    this.own.set(name, wasm);
    await this.#policiesChanged(worker);
    return policy;
  }

  /** Gives such a policy settings. Where it does not accept them, it keeps those that it had. */
  async setPolicy(name: string, settings: unknown): Promise<void> {
    const wasm = this.own.get(name);
    if (!wasm) throw new Error(`there is no policy ${name}`);
    const had = this.workspace.settings.get(name);
    try {
      await this.addPolicy(name, wasm, settings);
      this.workspace.set(name, settings);
    } catch (error) {
      await this.addPolicy(name, wasm, had);
      throw error;
    }
  }

  async removePolicy(name: string): Promise<void> {
    const worker = this.#running();
    await worker.removePolicy(name);
    this.own.delete(name);
    await this.#policiesChanged(worker);
  }

  async #policiesChanged(worker: SeaworthyWorker): Promise<void> {
    this.rules = await worker.rules();
    this.request(0);
  }

  #running(): SeaworthyWorker {
    if (!this.#worker) throw new Error("the rules are not loaded yet");
    return this.#worker;
  }

  async #judge(): Promise<void> {
    const generation = ++this.#generation;
    const changes = this.#changes;
    const files = this.workspace.sources;
    if (files.length === 0) {
      this.#tell({ state: "empty" }, false);
      return;
    }
    const started = performance.now();
    try {
      const worker = this.#running();
      const options = this.options();
      const report = await worker.check(files, options);
      if (generation !== this.#generation) return;
      this.#reported = changes;
      const { duration: milliseconds } = performance.measure("seaworthy-judged", { start: started });
      const off = options.skip?.length ?? 0;
      this.#tell({ state: "judged", report, off, milliseconds }, true);
      const readiness = await worker.readiness(files, options);
      if (generation !== this.#generation) return;
      this.#tell({ state: "judged", report, readiness, off, milliseconds }, false);
    } catch (error) {
      if (generation === this.#generation) this.#tell({ state: "refused", message: said(error) }, false);
    }
  }

  #tell(outcome: Outcome, busy: boolean): void {
    this.outcome = outcome;
    for (const listener of this.#listeners) listener(outcome, busy);
  }
}

export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
