/**
 * Keeps the workspace in the session storage of the tab, so that a reload loses nothing. Closing the tab forgets it. The
 * reader may turn that off, which is remembered.
 */
import type { Snapshot, Workspace } from "../workspace";
import { snapshotOf, written } from "./share";
import { keep, kept } from "./storage";

const WORKSPACE = "seaworthy-workspace";
const SWITCH = "seaworthy-keep";
/** How long typing must rest before it is written down. */
const REST_MS = 250;

interface Kept {
  snapshot: Snapshot;
  /** The file that was shown. */
  active: string;
  /** The link that it began with: it is not opened again over what was written since. */
  link: string;
}

export class Keeper {
  /** The fragment of the link that was opened last. */
  link = "";
  /** Whether what is here now would survive a reload. */
  isKept = true;
  #isOn = kept(() => localStorage, SWITCH) !== "off";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listeners: (() => void)[] = [];

  constructor(readonly workspace: Workspace) {
    workspace.onChange(() => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#write(), REST_MS);
    });
    // A page that is left has no time to rest.
    addEventListener("pagehide", () => this.#write());
    document.addEventListener("visibilitychange", () => this.#write());
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  turn(on: boolean): void {
    this.#isOn = on;
    keep(() => localStorage, SWITCH, on ? undefined : "off");
    this.#write();
  }

  /** What was kept of this tab. */
  read(): Kept | undefined {
    const text = this.#isOn && kept(() => sessionStorage, WORKSPACE);
    if (!text) return undefined;
    try {
      const { active, link, ...rest } = JSON.parse(text) as Record<string, unknown>;
      return { snapshot: snapshotOf(rest), active: String(active), link: String(link) };
    } catch {
      // Another version of the page wrote it.
      return undefined;
    }
  }

  #write(): void {
    clearTimeout(this.#timer);
    const { active, isEmpty } = this.workspace;
    const text = JSON.stringify({ ...written(this.workspace.snapshot()), active: active.name, link: this.link });
    const isWritten = keep(() => sessionStorage, WORKSPACE, this.#isOn && !isEmpty ? text : undefined);
    // What was kept before is older than what is here: better nothing than that.
    if (!isWritten) keep(() => sessionStorage, WORKSPACE, undefined);
    this.isKept = isWritten || isEmpty;
    for (const listener of this.#listeners) listener();
  }
}

