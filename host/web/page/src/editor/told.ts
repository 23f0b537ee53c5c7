/**
 * The finding that led to a line, written out beneath it: on a phone the list is not beside the editor.
 */
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import { h, icon } from "../dom";
import { type Finding, type Result, shortPath } from "../model";
import { fix, fixButtons } from "../text/fix";
import { inline } from "../text/markdown";
import type { Actions, Told } from "./place";

/** At the end of a line; `null` takes it away. */
export const tell = StateEffect.define<{ at: number; told: Told; actions: Actions } | null>();

export const toldField = StateField.define({
  create: () => Decoration.none,
  update(shown, { changes, effects }) {
    for (const effect of effects) {
      if (!effect.is(tell)) continue;
      if (effect.value === null) return Decoration.none;
      const { at, told, actions } = effect.value;
      const widget = new Card(told, actions);
      return Decoration.set(Decoration.widget({ widget, block: true, side: 1 }).range(at));
    }
    return shown.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

class Card extends WidgetType {
  constructor(
    readonly told: Told,
    readonly actions: Actions,
  ) {
    super();
  }

  override eq(other: Card): boolean {
    return other.told.finding === this.told.finding;
  }

  override toDOM(view: EditorView): HTMLElement {
    const { finding, result } = this.told;
    const close = (): void => {
      view.dispatch({ effects: tell.of(null) });
      view.focus();
    };
    const card = h(
      "div",
      { class: `cm-told ${finding.level}`, role: "note", "aria-label": "Finding" },
      h(
        "div",
        { class: "cm-told-head" },
        h("p", null, ...inline(finding.message)),
        h("button", { type: "button", class: "cm-told-close", "aria-label": "Close this finding", onclick: close }, icon("close")),
      ),
      fix(finding),
      finding.path !== "$" && h("p", { class: "cm-told-path" }, shortPath(finding.path)),
      h(
        "div",
        { class: "cm-told-foot" },
        h("button", { type: "button", class: "rule", onclick: () => this.actions.explain(result.rule) }, result.rule),
        ...fixButtons(finding, {
          apply: () => this.actions.apply(this.told),
          copy: () => this.actions.copy(this.told),
        }),
      ),
    );
    // The editor measures what stands between lines without its margins: the distance is padding.
    return h("div", { class: "cm-told-place" }, card);
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** Whether two reports tell the same. The object may stand elsewhere in its file by now. */
export function isSame(one: Told, { finding, result }: { finding: Finding; result: Result }): boolean {
  return (
    one.result.rule === result.rule &&
    one.finding.path === finding.path &&
    one.finding.message === finding.message &&
    one.result.object.file === result.object.file &&
    one.result.object.kind === result.object.kind &&
    one.result.object.namespace === result.object.namespace &&
    one.result.object.name === result.object.name
  );
}
