/**
 * What the page holds: files, the choice of rules and their settings, and whether the files are everything there is.
 * It knows neither the editor nor the rules; whoever shows it listens.
 *
 * Whatever takes a text away from the reader can be undone: what was there before is kept, and comes back whole.
 */
import type { SourceFile, World } from "./model";

export interface OpenFile extends SourceFile {
  /** Stays the same when the file is renamed, closed, and opened again by undo. */
  readonly id: number;
}

/** What a workspace starts from: an example, a share link, what was kept. */
export interface Snapshot {
  files: SourceFile[];
  world: World;
  off?: string[];
  settings?: Record<string, unknown>;
}

/** `files`: which there are or what they are called. `text`: what one says. `active`: which is shown. `options`: the rest. */
export type Change = "files" | "text" | "active" | "options";

/** Takes back one change, unless another came after it. */
export type Undo = () => void;

interface State {
  files: OpenFile[];
  active: number;
  world: World;
  off: string[];
  settings: [string, unknown][];
}

const FIRST_NAME = "manifest.yaml";
/** So many changes can be undone: each keeps all its texts. */
const REMEMBERED = 20;

export class Workspace {
  readonly off = new Set<string>();
  readonly settings = new Map<string, unknown>();
  #files: OpenFile[] = [];
  #active = 0;
  #next = 1;
  #world: World = "partial";
  #listeners: ((change: Change) => void)[] = [];
  #past: State[] = [];
  #future: State[] = [];
  #isFresh = false;

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

  /** Whether the last thing that happened is one that `undo` takes back, and nothing was typed since. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  byName(name: string): OpenFile | undefined {
    return this.#files.find((file) => file.name === name);
  }

  /** Whether a file is here, or would come back by `undo` or `redo`. */
  remembers(id: number): boolean {
    const states = [...this.#past, ...this.#future].flatMap((state) => state.files);
    return [...this.#files, ...states].some((file) => file.id === id);
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
  restore(snapshot: Snapshot): Undo | undefined {
    const undo = this.#remember();
    this.#files = [];
    for (const file of snapshot.files) this.#put(file);
    const first = this.#files[0] ?? this.#put({ name: FIRST_NAME, text: "" });
    this.#active = first.id;
    this.#setOptions(snapshot.world, snapshot.off ?? [], Object.entries(snapshot.settings ?? {}));
    this.#tell("files");
    this.#tell("options");
    return undo;
  }

  /** Adds files, takes the place of those of the same name, and shows the first. Untouched empty files go. */
  add(files: SourceFile[]): Undo | undefined {
    if (files.length === 0) return undefined;
    const undo = this.#remember();
    const added = files.map((file) => {
      this.#files = this.#files.filter((other) => other.name !== file.name);
      return this.#put(file);
    });
    this.#files = this.#files.filter((file) => added.includes(file) || file.text !== "");
    this.#active = added[0]?.id ?? this.#active;
    this.#tell("files");
    return undo;
  }

  addEmpty(): void {
    let name = FIRST_NAME;
    for (let number = 2; this.byName(name); number++) name = `manifest-${number}.yaml`;
    this.#active = this.#put({ name, text: "" }).id;
    this.#tell("files");
  }

  close(id: number): Undo | undefined {
    const index = this.#files.findIndex((file) => file.id === id);
    if (index < 0) return undefined;
    const closed = this.#files[index];
    const undo = this.#remember();
    this.#files = this.#files.filter((file) => file.id !== id);
    if (this.#files.length === 0) this.#put({ name: FIRST_NAME, text: "" });
    if (id === this.#active) this.#active = (this.#files[index] ?? this.#files[index - 1])?.id ?? this.active.id;
    this.#tell("files");
    // What was typed into other files since then stays.
    return undo && (() => (this.#isFresh || !closed || this.byName(closed.name) ? undo() : this.#bringBack(closed)));
  }

  /** Takes back the last change of which files there are; whether there was one. */
  undo(): boolean {
    return this.#travel(this.#past, this.#future);
  }

  /** Makes again what was taken back; whether there was something. */
  redo(): boolean {
    return this.#travel(this.#future, this.#past);
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
    this.#isFresh = false;
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

  #bringBack(file: OpenFile): void {
    this.#files = [...this.#files, { ...file }];
    this.#active = file.id;
    this.#tell("files");
  }

  #setOptions(world: World, off: Iterable<string>, settings: Iterable<[string, unknown]>): void {
    this.#world = world;
    this.off.clear();
    for (const rule of off) this.off.add(rule);
    this.settings.clear();
    for (const [rule, value] of settings) this.settings.set(rule, value);
  }

  /** Keeps what is here before it changes. An empty page is nothing to come back to. */
  #remember(): Undo | undefined {
    if (this.isEmpty) return undefined;
    const state = this.#state();
    this.#past = [...this.#past, state].slice(-REMEMBERED);
    this.#future = [];
    this.#isFresh = true;
    return () => {
      if (this.#past.at(-1) === state) this.undo();
    };
  }

  #travel(from: State[], to: State[]): boolean {
    const state = from.pop();
    if (!state) return false;
    to.push(this.#state());
    // Copies: what is written from now on is no part of what is remembered.
    this.#files = state.files.map((file) => ({ ...file }));
    this.#active = state.active;
    this.#setOptions(state.world, state.off, state.settings);
    this.#isFresh = false;
    this.#tell("files");
    this.#tell("options");
    return true;
  }

  #state(): State {
    const files = this.#files.map((file) => ({ ...file }));
    const { id: active } = this.active;
    return { files, active, world: this.#world, off: [...this.off], settings: [...this.settings] };
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
