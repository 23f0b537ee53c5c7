/**
 * Where the editor stands. It comes after the rules, because on a slow network those are what a reader waits for; until
 * then a plain field takes what is typed and pasted.
 */
import { complain, h, replace } from "../dom";
import type { Finding, Report, Result } from "../model";
import type { Undo, Workspace } from "../workspace";
import type { Editor } from "./editor";

/** A finding, and the answer that it is part of. */
export interface Told {
  finding: Finding;
  result: Result;
}

/** What can be done about what the editor shows. */
export interface Actions {
  explain: (rule: string) => void;
  apply: (told: Told) => void;
  copy: (told: Told) => void;
}

export class EditorPlace {
  readonly element = h("div", { class: "editor-host" });
  #plain = h("textarea", { class: "plain-editor", spellcheck: "false", autocapitalize: "off" });
  #editor: Editor | undefined;
  #report: Report | undefined;
  #loading: Promise<Editor> | undefined;

  constructor(
    readonly workspace: Workspace,
    readonly actions: Actions,
  ) {
    this.element.append(this.#plain);
    this.#plain.addEventListener("input", () => workspace.write(workspace.active.id, this.#plain.value));
    workspace.onChange((change) => change !== "text" && this.#showPlain());
    this.#showPlain();
  }

  /** Puts the editor in place of the plain field. Without it, one can still type. */
  async load(): Promise<void> {
    await this.#ready();
  }

  focus(): void {
    if (this.#editor) this.#editor.focus();
    else this.#plain.focus();
  }

  /** Shows the marks of `report` in whatever file is open; without one, none. */
  mark(report: Report | undefined): void {
    this.#report = report;
    this.#editor?.mark(report);
  }

  /** Opens a file at a place, in the report's terms, with the finding beside it that led there. */
  async jump(file: string, line: number, column: number, told?: Told): Promise<void> {
    const editor = await this.#ready();
    if (editor) editor.jump(file, line, column, told);
    else this.#showFile(file);
  }

  /** Changes a file's text as one step that can be undone. */
  async rewrite(file: string, text: string): Promise<Undo | undefined> {
    const editor = await this.#ready();
    return editor ? editor.rewrite(file, text) : this.workspace.add([{ name: file, text }]);
  }

  #showFile(name: string): void {
    const open = this.workspace.byName(name);
    if (open) this.workspace.show(open.id);
  }

  /** The editor; where it does not come, that is said, and it is asked for again the next time. */
  async #ready(): Promise<Editor | undefined> {
    try {
      return await this.#loaded();
    } catch {
      this.#loading = undefined;
      complain("The editor could not be loaded. You can type in a plain field. Reload the page to try again.");
      return undefined;
    }
  }

  #showPlain(): void {
    const { name, text } = this.workspace.active;
    this.#plain.setAttribute("aria-label", `Manifest ${name}`);
    if (this.#plain.value !== text) this.#plain.value = text;
  }

  #loaded(): Promise<Editor> {
    this.#loading ??= import("./editor").then(({ Editor }) => {
      const { selectionStart, selectionEnd } = this.#plain;
      const hadFocus = document.activeElement === this.#plain;
      replace(this.element);
      const host = h("div", { class: "editor-root" });
      this.element.append(host);
      const editor = new Editor(host, this.workspace, this.actions);
      editor.select(selectionStart, selectionEnd);
      if (hadFocus) editor.focus();
      editor.mark(this.#report);
      this.#editor = editor;
      document.documentElement.dataset["editor"] = "ready";
      return editor;
    });
    return this.#loading;
  }
}
