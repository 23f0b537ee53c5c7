/**
 * What to write instead, as rules say it: YAML as it would stand in the manifest, or a sentence with code in it.
 */
import { h } from "../dom";
import { inline } from "./markdown";

export function fix(text: string): HTMLElement {
  const isYaml = /^[\w./-]+:(\s|$)|^- |^[\w./:@<>-]+$/.test(text) && !/\.\s*$/.test(text);
  return h(
    "p",
    { class: "fix" },
    h("span", null, "Write"),
    isYaml ? h("code", null, text) : h("span", null, ...inline(text)),
  );
}
