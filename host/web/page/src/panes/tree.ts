/**
 * The files as a tree, beside the tabs: folders fold, and say how much is wrong in them.
 */
import { h, icon, replace } from "../dom";
import { counted, number } from "../model";
import type { OpenFile, Workspace } from "../workspace";

/** What is wrong in a file. */
export interface FileState {
  violations: number;
  /** Something in it deploys workloads that were not checked. */
  unchecked: boolean;
}

interface Folder {
  folders: Map<string, Folder>;
  files: { name: string; file: OpenFile }[];
}

export class Tree {
  readonly element = h("nav", { class: "tree", id: "file-tree", "aria-label": "Tree of files", hidden: true });
  /** Folders that the reader folded. */
  #folded = new Set<string>();

  constructor(
    readonly workspace: Workspace,
    readonly state: (file: string) => FileState,
    readonly chosen: (file: OpenFile) => void,
  ) {}

  render(): void {
    if (this.element.hidden) return;
    const root: Folder = { folders: new Map(), files: [] };
    for (const file of this.workspace.files) {
      const parts = file.name.split("/").filter(Boolean);
      const name = parts.pop() ?? file.name;
      let folder = root;
      for (const part of parts) {
        const inner = folder.folders.get(part) ?? { folders: new Map(), files: [] };
        folder.folders.set(part, inner);
        folder = inner;
      }
      folder.files.push({ name, file });
    }
    replace(this.element, h("p", { class: "tree-title" }, counted(this.workspace.files.length, "file")), this.#list(root, ""));
    this.element.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  #list({ folders, files }: Folder, path: string): HTMLElement {
    const inner = [...folders].sort(([one], [other]) => (one < other ? -1 : 1));
    const own = [...files].sort((one, other) => (one.name < other.name ? -1 : 1));
    return h(
      "ul",
      null,
      ...inner.map(([name, folder]) => h("li", null, this.#folder(name, folder, `${path}${name}/`))),
      ...own.map(({ name, file }) => h("li", null, this.#file(name, file))),
    );
  }

  #folder(name: string, folder: Folder, path: string): HTMLElement {
    const details = h(
      "details",
      { open: !this.#folded.has(path) },
      h("summary", { "data-key": `folder-${path}` }, icon("folder"), h("span", { class: "tree-name" }, name), mark(this.#sum(folder))),
      this.#list(folder, path),
    );
    details.addEventListener("toggle", () => {
      if (details.open) this.#folded.delete(path);
      else this.#folded.add(path);
    });
    return details;
  }

  #file(name: string, file: OpenFile): HTMLElement {
    return h(
      "button",
      {
        type: "button",
        class: "tree-file",
        title: file.name,
        "data-key": `tree-${file.id}`,
        "aria-current": file === this.workspace.active && "true",
        onclick: () => this.chosen(file),
      },
      h("span", { class: "tree-name" }, name),
      mark(this.state(file.name)),
    );
  }

  #sum({ folders, files }: Folder): FileState {
    const states = [
      ...[...folders.values()].map((folder) => this.#sum(folder)),
      ...files.map(({ file }) => this.state(file.name)),
    ];
    return {
      violations: states.reduce((sum, { violations }) => sum + violations, 0),
      unchecked: states.some(({ unchecked }) => unchecked),
    };
  }
}

/** How many violations there are, or that something was not checked; nothing where all is well. */
export function mark({ violations, unchecked }: FileState): HTMLElement | false {
  if (violations > 0) {
    const words = violations === 1 ? " violation" : " violations";
    return h("span", { class: "count" }, number(violations), h("span", { class: "unseen" }, words));
  }
  return (
    unchecked &&
    h("span", { class: "count incomplete", title: "Not checked" }, "?", h("span", { class: "unseen" }, " not checked"))
  );
}
