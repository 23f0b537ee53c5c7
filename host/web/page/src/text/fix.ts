/**
 * What to write instead, as rules say it: an edit, whose text is YAML as it would stand in the manifest, or advice, a
 * sentence with code in it. An edit can be copied, and most can be applied.
 */
import { h, icon } from "../dom";
import type { Edit } from "../model";
import { inline } from "./markdown";

/** A finding or a remark, as far as it says how to fix it. */
export interface Fixable {
  fix?: string | undefined;
  edit?: Edit | undefined;
}

/** Nothing where there is no fix. */
export function fix({ fix: text, edit }: Fixable): HTMLElement | undefined {
  if (text === undefined) return undefined;
  return h(
    "div",
    { class: "fix" },
    h("span", null, "Fix"),
    edit !== undefined ? h("pre", { tabindex: "0" }, h("code", null, text)) : h("span", null, ...inline(text)),
  );
}

/** What can be done with a structured edit. One that is an example has a value that only a person knows. */
export function fixButtons({ edit }: Fixable, actions: { apply: () => void; copy: () => void }): HTMLElement[] {
  if (edit === undefined) return [];
  const button = (label: string, title: string, name: "check" | "copy", run: () => void): HTMLElement =>
    h("button", { type: "button", class: "button small", title, onclick: run }, icon(name), label);
  const needsReview = edit.applicability === "needs-review";
  const apply = button(
    "Apply",
    needsReview ? "Writes it into the manifest. Check that the value fits your service." : "Writes it into the manifest.",
    "check",
    actions.apply,
  );
  const copy = button("Copy", "Copies the fix as YAML", "copy", actions.copy);
  return edit.applicability === "example" ? [copy] : [apply, copy];
}
