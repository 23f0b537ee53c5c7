/**
 * What to write instead, as rules say it: an edit, whose text is YAML as it would stand in the manifest, or advice, a
 * sentence with code in it.
 */
import { h } from "../dom";
import { inline } from "./markdown";

/** A finding or a remark, as far as it says how to fix it. */
export interface Fixable {
  fix?: string | undefined;
  edit?: object | undefined;
}

/** Nothing where there is no fix. */
export function fix({ fix: text, edit }: Fixable): HTMLElement | undefined {
  if (text === undefined) return undefined;
  return h(
    "p",
    { class: "fix" },
    h("span", null, "Write"),
    edit !== undefined ? h("code", null, text) : h("span", null, ...inline(text)),
  );
}
