/**
 * What the page holds: files, the choice of rules and their settings, and whether the files are everything there is.
 * It knows neither the editor nor the rules; whoever shows it listens.
 */
import type { SourceFile, World } from "./model";

export interface OpenFile extends SourceFile {
  /** Stays the same when the file is renamed. */
  readonly id: number;
}

/** What a workspace starts from: an example, a share link, dropped files. */
export interface Snapshot {
  files: SourceFile[];
  world: World;
  off?: string[];
  settings?: Record<string, unknown>;
}

/** `files`: which there are or what they are called. `text`: what one says. `active`: which is shown. `options`: the rest. */
export type Change = "files" | "text" | "active" | "options";

const FIRST_NAME = "manifest.yaml";

export class Workspace {
  readonly off = new Set<string>();
  readonly settings = new Map<string, unknown>();
  #files: OpenFile[] = [];
  #active = 0;
  #next = 1;
  #world: World = "partial";
  #listeners: ((change: Change) => void)[] = [];

  constructor() {
    this.#active = this.#put({ name: FIRST_NAME, text: "" }).id;
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  get files(): readonly OpenFile[] {
    return this.#files;
  }

  get active(): OpenFile {
    const file = this.#files.find((file) => file.id === this.#active) ?? this.#files[0];
    if (!file) throw new Error("a workspace has at least one file");
    return file;
  }

  get world(): World {
    return this.#world;
  }

  /** Files with something in them: what there is to judge. */
  get sources(): SourceFile[] {
    return this.#files.filter((file) => file.text.trim() !== "").map(({ name, text }) => ({ name, text }));
  }

  get isEmpty(): boolean {
    return this.#files.every((file) => file.text.trim() === "");
  }

  byName(name: string): OpenFile | undefined {
    return this.#files.find((file) => file.name === name);
  }

  snapshot(): Snapshot {
    return {
      files: this.sources,
      world: this.#world,
      off: [...this.off].sort(),
      settings: Object.fromEntries(this.settings),
    };
  }

  /** Puts `snapshot` in place of everything. */
  restore(snapshot: Snapshot): void {
    this.#files = [];
    for (const file of snapshot.files) this.#put(file);
    const first = this.#files[0] ?? this.#put({ name: FIRST_NAME, text: "" });
    this.#active = first.id;
    this.#world = snapshot.world;
    this.off.clear();
    for (const rule of snapshot.off ?? []) this.off.add(rule);
    this.settings.clear();
    for (const [rule, settings] of Object.entries(snapshot.settings ?? {})) this.settings.set(rule, settings);
    this.#tell("files");
    this.#tell("options");
  }

  /** Adds files, takes the place of those of the same name, and shows the first. Untouched empty files go. */
  add(files: SourceFile[]): void {
    if (files.length === 0) return;
    const added = files.map((file) => {
      const same = this.byName(file.name);
      if (same) {
        this.#files = this.#files.filter((other) => other !== same);
      }
      return this.#put(file);
    });
    this.#files = this.#files.filter((file) => added.includes(file) || file.text !== "");
    this.#active = added[0]?.id ?? this.#active;
    this.#tell("files");
  }

  addEmpty(): void {
    let name = FIRST_NAME;
    for (let number = 2; this.byName(name); number++) name = `manifest-${number}.yaml`;
    this.#active = this.#put({ name, text: "" }).id;
    this.#tell("files");
  }

  close(id: number): OpenFile | undefined {
    const index = this.#files.findIndex((file) => file.id === id);
    const [closed] = index < 0 ? [] : this.#files.splice(index, 1);
    if (this.#files.length === 0) this.#put({ name: FIRST_NAME, text: "" });
    if (id === this.#active) this.#active = (this.#files[index] ?? this.#files[index - 1])?.id ?? this.active.id;
    this.#tell("files");
    return closed;
  }

  /** Whether the name was free and not empty. */
  rename(id: number, name: string): boolean {
    const wanted = name.trim();
    const file = this.#files.find((file) => file.id === id);
    if (!file || wanted === "" || this.#files.some((other) => other.id !== id && other.name === wanted)) return false;
    file.name = wanted;
    this.#tell("files");
    return true;
  }

  show(id: number): void {
    if (id === this.#active) return;
    this.#active = id;
    this.#tell("active");
  }

  write(id: number, text: string): void {
    const file = this.#files.find((file) => file.id === id);
    if (!file || file.text === text) return;
    file.text = text;
    this.#tell("text");
  }

  takeFor(world: World): void {
    if (world === this.#world) return;
    this.#world = world;
    this.#tell("options");
  }

  turn(rule: string, on: boolean): void {
    if (on) this.off.delete(rule);
    else this.off.add(rule);
    this.#tell("options");
  }

  /** `undefined` is the defaults. */
  set(rule: string, settings: unknown): void {
    if (settings === undefined) this.settings.delete(rule);
    else this.settings.set(rule, settings);
    this.#tell("options");
  }

  #put(file: SourceFile): OpenFile {
    const open = { id: this.#next++, name: file.name, text: file.text };
    this.#files.push(open);
    return open;
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
