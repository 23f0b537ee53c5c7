/**
 * The files: one tab each, with what is wrong in it, and the tree beside them; add, rename, close.
 */
import { complain, h, icon, replace, toast } from "../dom";
import { counted, type Report } from "../model";
import type { OpenFile, Workspace } from "../workspace";
import { menu } from "./menu";
import { type FileState, mark, Tree } from "./tree";

/** From so many files on the tree stands open where there is room for it. */
const MANY = 8;
const WIDE = matchMedia("(min-width: 1000px)");

export class Files {
  readonly element = h("nav", { class: "files", "aria-label": "Files" });
  readonly tree: Tree;
  #list = h("ul", { class: "tabs" });
  #states = new Map<string, FileState>();
  #renaming = false;
  /** What the reader chose; until then it depends on how many files there are. */
  #isTreeWanted: boolean | undefined;
  #treeButton = h(
    "button",
    {
      type: "button",
      class: "tool tree-button",
      "aria-label": "Tree of files",
      title: "Tree of files",
      "aria-controls": "file-tree",
      "aria-expanded": "false",
      onclick: () => this.#showTree(Boolean(this.tree.element.hidden)),
    },
    icon("tree"),
  );

  constructor(
    readonly workspace: Workspace,
    actions: { openFiles: () => void; openFolder: () => void; focusEditor: () => void },
  ) {
    this.tree = new Tree(workspace, (file) => this.#state(file), (file) => this.#choose(file));
    const add = menu({ label: "Add files", icon: "add", class: "tool bare" }, [
      {
        label: "New file",
        icon: "add",
        run: () => {
          workspace.addEmpty();
          actions.focusEditor();
        },
      },
      { label: "Open files…", detail: "Manifests, or a .wasm policy", icon: "examples", run: actions.openFiles },
      { label: "Open folder…", icon: "folder", run: actions.openFolder },
    ]);
    this.element.append(this.#treeButton, this.#list, add);
    workspace.onChange((change) => {
      if (change === "files" || change === "active") this.#render();
    });
    WIDE.addEventListener("change", () => this.#render());
    this.#render();
  }

  /** What is wrong in each file. The tabs are made anew only where that changes. */
  count(report: Report | undefined): void {
    const states = new Map<string, FileState>();
    const add = (file: string, violations: number, unchecked = false): void => {
      const before = states.get(file) ?? { violations: 0, unchecked: false };
      states.set(file, { violations: before.violations + violations, unchecked: before.unchecked || unchecked });
    };
    for (const problem of report?.problems ?? []) add(problem.file, problem.failure ? 1 : 0);
    for (const { file } of report?.unchecked ?? []) add(file, 0, true);
    for (const { object, findings, verdict } of report?.results ?? []) {
      if (verdict === "error") add(object.file, 1);
      if (verdict === "fail") add(object.file, findings.filter((finding) => finding.level === "violation").length);
    }
    const isSame = JSON.stringify([...states]) === JSON.stringify([...this.#states]);
    this.#states = states;
    if (!isSame && !this.#renaming) this.#render();
  }

  #state(file: string): FileState {
    return this.#states.get(file) ?? { violations: 0, unchecked: false };
  }

  #render(): void {
    const { active, files } = this.workspace;
    const names = new Map<string, number>();
    for (const { name } of files) names.set(split(name)[1], (names.get(split(name)[1]) ?? 0) + 1);
    const isUnique = ({ name }: OpenFile): boolean => names.get(split(name)[1]) === 1;
    replace(this.#list, ...files.map((file) => this.#tab(file, file === active, isUnique(file))));
    this.#list.querySelector(".current")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.#treeButton.hidden = files.length < 2;
    const isOpen = files.length > 1 && (this.#isTreeWanted ?? (files.length >= MANY && WIDE.matches));
    this.tree.element.hidden = !isOpen;
    this.#treeButton.setAttribute("aria-expanded", String(isOpen));
    this.tree.render();
  }

  #showTree(shown: boolean): void {
    this.#isTreeWanted = shown;
    this.#render();
    if (shown) this.tree.element.querySelector<HTMLElement>("[aria-current]")?.focus();
  }

  #choose(file: OpenFile): void {
    // On a narrow screen the tree lies over the editor.
    if (!WIDE.matches) this.#isTreeWanted = false;
    this.workspace.show(file.id);
    this.#render();
  }

  #tab(file: OpenFile, current: boolean, isUnique: boolean): HTMLElement {
    const [folder, name] = split(file.name);
    const show = h(
      "button",
      {
        type: "button",
        class: "tab",
        title: file.name,
        "data-key": `file-${file.id}`,
        "aria-current": current && "true",
        onclick: () => this.workspace.show(file.id),
        ondblclick: () => this.#rename(file.id),
        onkeydown: (event: KeyboardEvent) => {
          if (event.key === "F2") this.#rename(file.id);
          if (event.key === "Delete") this.#close(file.id);
        },
      },
      // Folders take room: they stand where the name alone does not tell.
      folder !== "" && (current || !isUnique) && h("span", { class: "folder" }, folder),
      h("span", { class: "name" }, name),
      mark(this.#state(file.name)),
    );
    return h(
      "li",
      { class: current && "current" },
      show,
      current && this.#tool("rename", `Rename ${file.name}`, () => this.#rename(file.id)),
      current && this.#tool("close", `Close ${file.name}`, () => this.#close(file.id)),
    );
  }

  #tool(name: "rename" | "close", label: string, run: () => void): HTMLElement {
    return h(
      "button",
      { type: "button", class: "mini", "aria-label": label, title: label, "data-key": name, onclick: run },
      icon(name),
    );
  }

  #close(id: number): void {
    const closed = this.workspace.files.find((file) => file.id === id);
    const undo = this.workspace.close(id);
    this.#list.querySelector<HTMLElement>("[aria-current]")?.focus();
    if (closed && undo && closed.text.trim() !== "") {
      const lines = counted(closed.text.split("\n").length, "line");
      toast(`Closed ${closed.name} (${lines})`, { label: "Undo", run: undo });
    }
  }

  #rename(id: number): void {
    const file = this.workspace.files.find((file) => file.id === id);
    const tab = this.#list.querySelector<HTMLElement>(`[data-key="file-${id}"]`);
    if (!file || !tab || this.#renaming) return;
    this.#renaming = true;
    const input = h("input", { class: "rename", value: file.name, "aria-label": `New name of ${file.name}` });
    input.size = Math.max(12, file.name.length);
    let done = false;
    const finish = (keep: boolean): void => {
      if (done) return;
      done = true;
      this.#renaming = false;
      const name = input.value;
      if (keep && name.trim() !== file.name && !this.workspace.rename(id, name)) {
        complain(name.trim() === "" ? "A file needs a name" : `There is already a file ${name.trim()}`);
      }
      this.#render();
      this.#list.querySelector<HTMLElement>(`[data-key="file-${id}"]`)?.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
    });
    input.addEventListener("blur", () => finish(true));
    tab.replaceWith(input);
    input.focus();
    input.setSelectionRange(
      file.name.lastIndexOf("/") + 1,
      Math.max(file.name.lastIndexOf("."), 0) || file.name.length,
    );
  }
}

function split(path: string): [string, string] {
  const at = path.lastIndexOf("/") + 1;
  return [path.slice(0, at), path.slice(at)];
}
