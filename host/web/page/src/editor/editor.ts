/**
 * The editor: one view, and for each file a state of its own, so that undo and place survive a look at another file.
 *
 * It stands in a shadow root: there CodeMirror adopts its style sheets, which the content security policy allows, rather than
 * writing style elements, which it does not.
 */
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, isolateHistory, redo, undo } from "@codemirror/commands";
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
import type { OpenFile, Undo, Workspace } from "../workspace";
import { diagnostics, offset } from "./diagnostics";
import type { Actions, Told } from "./place";
import { theme } from "./theme";
import { isSame, tell, toldField } from "./told";

/** In an editor of fewer pixels a line stands at the top that something is written beneath, so that both are seen. */
const LOW = 600;
const ABOVE = { y: "start", yMargin: 48 } as const;

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
  /** The finding that is written out beneath its line. */
  #told: Told | undefined;
  #extensions: Extension;

  constructor(
    host: HTMLElement,
    readonly workspace: Workspace,
    readonly actions: Actions,
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
      toldField,
      theme,
      // Tab leaves the editor, so that nobody is caught in it; these two indent.
      keymap.of([
        { key: "Mod-]", run: indentMore },
        { key: "Mod-[", run: indentLess },
        { key: "Mod-z", run: (view) => this.#undo(view), preventDefault: true },
        { key: "Mod-y", mac: "Mod-Shift-z", run: (view) => redo(view) || workspace.redo(), preventDefault: true },
        { linux: "Ctrl-Shift-z", run: (view) => redo(view) || workspace.redo(), preventDefault: true },
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
    const found = report ? diagnostics(report, this.#shown.name, doc, this.actions.explain) : [];
    this.view.dispatch(setDiagnostics(this.view.state, found));
    const told = this.#told;
    // A card that was closed is not opened again.
    if (!told || !report || this.view.state.field(toldField).size === 0) return;
    const now = report.results
      .flatMap((result) => result.findings.map((finding) => ({ finding, result })))
      .find((one) => isSame(told, one));
    // Of the newest report: a fix is made where the object stands now.
    if (now?.finding === told.finding) return;
    this.#tell(now, now ? doc.lineAt(offset(doc, now.finding.line, now.finding.column)).to : 0);
  }

  select(from: number, to: number): void {
    const { length } = this.view.state.doc;
    this.view.dispatch({ selection: { anchor: Math.min(from, length), head: Math.min(to, length) } });
  }

  /** Opens a file at a place, in the report's terms, and writes the finding beneath it that led there. */
  jump(file: string, line: number, column = 1, told?: Told): void {
    const open = this.workspace.byName(file);
    if (!open) return;
    this.workspace.show(open.id);
    const position = offset(this.view.state.doc, line, column);
    const { from, to } = this.view.state.doc.lineAt(position);
    this.#tell(told, to);
    const isLow = this.view.scrollDOM.clientHeight < LOW;
    this.view.dispatch({
      selection: { anchor: position },
      effects: [EditorView.scrollIntoView(position, isLow && told ? ABOVE : { y: "center" }), flash.of(from)],
    });
    this.view.focus();
    setTimeout(() => this.view.dispatch({ effects: flash.of(null) }), 1200);
  }

  /** Changes only what differs, as one step that Ctrl+Z takes back, and shows where. */
  rewrite(file: string, text: string): Undo | undefined {
    const open = this.workspace.byName(file);
    if (!open) return undefined;
    this.workspace.show(open.id);
    const before = this.view.state.doc.toString();
    const changes = difference(before, text);
    this.view.dispatch({
      changes,
      selection: { anchor: changes.from },
      effects: EditorView.scrollIntoView(changes.from, { y: "center" }),
      annotations: isolateHistory.of("full"),
      userEvent: "input.fix",
    });
    return () => {
      const { id } = open;
      // What was typed since is not thrown away: then Ctrl+Z goes back step by step.
      if (this.workspace.files.find((file) => file.id === id)?.text === text) this.rewrite(open.name, before);
    };
  }

  #tell(told: Told | undefined, at: number): void {
    this.#told = told;
    this.view.dispatch({ effects: tell.of(told ? { at, told, actions: this.actions } : null) });
  }

  /** What was done last is undone first: a file that was closed comes back before older typing in this one goes. */
  #undo(view: EditorView): boolean {
    if (this.workspace.isFresh && this.workspace.undo()) return true;
    return undo(view) || this.workspace.undo();
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
    const { active } = this.workspace;
    for (const id of this.#states.keys()) {
      if (!this.workspace.remembers(id)) this.#states.delete(id);
    }
    if (active !== this.#shown) {
      this.#tell(undefined, 0);
      this.#states.set(this.#shown.id, this.view.state);
      this.#shown = active;
      this.view.setState(this.#stateOf(active));
    }
    this.mark(this.#report);
  }
}

/** The one stretch of text in which two texts differ. */
function difference(before: string, after: string): { from: number; to: number; insert: string } {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  let end = 0;
  while (end < most - from && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}
