/**
 * The editor: one view, and for each file a state of its own, so that undo and place survive a look at another file.
 *
 * It stands in a shadow root: there CodeMirror adopts its style sheets, which the content security policy allows, rather than
 * writing style elements, which it does not.
 */
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField, type Extension } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import type { Report } from "../model";
import type { OpenFile, Workspace } from "../workspace";
import { diagnostics, offset } from "./diagnostics";
import { theme } from "./theme";

const flash = StateEffect.define<number | null>();
const jumped = StateField.define({
  create: () => Decoration.none,
  update(lines, { changes, effects }) {
    for (const effect of effects) {
      if (effect.is(flash)) {
        return effect.value === null
          ? Decoration.none
          : Decoration.set(Decoration.line({ class: "cm-jumped" }).range(effect.value));
      }
    }
    return lines.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Types over a selection. Left to itself, the browser joins the lines that are left by style attributes, which the content
 * security policy refuses.
 */
function replaceLines(event: InputEvent, view: EditorView): boolean {
  const { data, inputType } = event;
  const { state } = view;
  if (inputType !== "insertText" || !data || (state.selection.main.empty && !data.includes("\n"))) return false;
  event.preventDefault();
  view.dispatch(state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

export class Editor {
  readonly view: EditorView;
  #states = new Map<number, EditorState>();
  #shown: OpenFile;
  #report: Report | undefined;
  #extensions: Extension;

  constructor(
    host: HTMLElement,
    readonly workspace: Workspace,
    readonly explain: (rule: string) => void,
  ) {
    const root = host.attachShadow({ mode: "open" });
    this.#extensions = [
      lineNumbers(),
      lintGutter(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("  "),
      bracketMatching(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      search({ top: true }),
      yaml(),
      jumped,
      theme,
      // Tab leaves the editor, so that nobody is caught in it; these two indent.
      keymap.of([
        { key: "Mod-]", run: indentMore },
        { key: "Mod-[", run: indentLess },
        ...defaultKeymap,
        ...historyKeymap,
        ...searchKeymap,
        { key: "F8", run: nextDiagnostic },
      ]),
      EditorView.domEventHandlers({ beforeinput: replaceLines }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.workspace.write(this.#shown.id, update.state.doc.toString());
      }),
    ];
    this.#shown = workspace.active;
    this.view = new EditorView({ root, parent: root, state: this.#stateOf(this.#shown) });
    workspace.onChange((change) => {
      if (change === "active" || change === "files") this.#sync();
    });
  }

  focus(): void {
    this.view.focus();
  }

  /** Shows the marks of `report` in whatever file is open; without one, none. */
  mark(report: Report | undefined): void {
    this.#report = report;
    const { doc } = this.view.state;
    const found = report ? diagnostics(report, this.#shown.name, doc, this.explain) : [];
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /** Opens a file at a place, in the report's terms. */
  jump(file: string, line: number, column = 1): void {
    const open = this.workspace.byName(file);
    if (!open) return;
    this.workspace.show(open.id);
    const position = offset(this.view.state.doc, line, column);
    const { from } = this.view.state.doc.lineAt(position);
    this.view.dispatch({
      selection: { anchor: position },
      effects: [EditorView.scrollIntoView(position, { y: "center" }), flash.of(from)],
    });
    this.view.focus();
    setTimeout(() => this.view.dispatch({ effects: flash.of(null) }), 1200);
  }

  #stateOf(file: OpenFile): EditorState {
    const kept = this.#states.get(file.id);
    if (kept && kept.doc.toString() === file.text) return kept;
    return EditorState.create({
      doc: file.text,
      extensions: [
        this.#extensions,
        EditorView.contentAttributes.of(() => ({
          "aria-label": `Manifest ${file.name}`,
          spellcheck: "false",
          tabindex: "0",
        })),
      ],
    });
  }

  #sync(): void {
    const { active, files } = this.workspace;
    for (const id of this.#states.keys()) {
      if (!files.some((file) => file.id === id)) this.#states.delete(id);
    }
    if (active !== this.#shown) {
      this.#states.set(this.#shown.id, this.view.state);
      this.#shown = active;
      this.view.setState(this.#stateOf(active));
    }
    this.mark(this.#report);
  }
}
