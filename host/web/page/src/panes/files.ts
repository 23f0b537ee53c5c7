/**
 * The files: one button each, with what is wrong in it; add, rename, close.
 */
import { h, icon, replace, toast } from "../dom";
import { counted, type Report } from "../model";
import type { Workspace } from "../workspace";
import { menu } from "./menu";

export class Files {
  readonly element = h("nav", { class: "files", "aria-label": "Files" });
  #list = h("ul", { class: "tabs" });
  #counts = new Map<string, number>();
  #renaming = false;

  constructor(
    readonly workspace: Workspace,
    actions: { openFiles: () => void; openFolder: () => void; focusEditor: () => void },
  ) {
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
    this.element.append(this.#list, add);
    workspace.onChange((change) => {
      if (change === "files" || change === "active") this.#render();
    });
    this.#render();
  }

  /** How many violations and problems each file has. */
  count(report: Report | undefined): void {
    const counts = new Map<string, number>();
    const add = (file: string, count: number): void => void counts.set(file, (counts.get(file) ?? 0) + count);
    for (const problem of report?.problems ?? []) add(problem.file, problem.failure ? 1 : 0);
    for (const { object, findings, verdict } of report?.results ?? []) {
      if (verdict === "fail") add(object.file, findings.filter((finding) => finding.level === "violation").length);
    }
    this.#counts = counts;
    if (!this.#renaming) this.#render();
  }

  #render(): void {
    const { active, files } = this.workspace;
    replace(
      this.#list,
      ...files.map((file) => {
        const current = file === active;
        const count = this.#counts.get(file.name) ?? 0;
        const [folder, name] = split(file.name);
        // Folders take room: they stand where the name alone does not tell.
        const isPlain = !current && files.every((other) => other === file || split(other.name)[1] !== name);
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
          folder !== "" && !isPlain && h("span", { class: "folder" }, folder),
          h("span", { class: "name" }, name),
          count > 0 &&
            h(
              "span",
              { class: "count" },
              count,
              h("span", { class: "unseen" }, count === 1 ? " violation" : " violations"),
            ),
        );
        return h(
          "li",
          { class: current && "current" },
          show,
          current && this.#tool("rename", `Rename ${file.name}`, () => this.#rename(file.id)),
          current && this.#tool("close", `Close ${file.name}`, () => this.#close(file.id)),
        );
      }),
    );
    this.#list.querySelector(".current")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #tool(name: "rename" | "close", label: string, run: () => void): HTMLElement {
    return h(
      "button",
      { type: "button", class: "mini", "aria-label": label, title: label, "data-key": name, onclick: run },
      icon(name),
    );
  }

  #close(id: number): void {
    const closed = this.workspace.close(id);
    this.#list.querySelector<HTMLElement>("[aria-current]")?.focus();
    if (closed && closed.text.trim() !== "") {
      toast(`Closed ${closed.name} (${counted(closed.text.split("\n").length, "line")})`, {
        label: "Undo",
        run: () => this.workspace.add([closed]),
      });
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
        toast(name.trim() === "" ? "A file needs a name" : `There is a file ${name.trim()} already`);
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
