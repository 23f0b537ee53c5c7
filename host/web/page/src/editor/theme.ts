/**
 * How the editor looks: the page's own colours, which follow light and dark by themselves.
 */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const MARKED = ["error", "warning", "info"].map((level) => [
  `.cm-lintRange-${level}`,
  {
    backgroundImage: "none",
    textDecoration: `underline wavy var(--${level})`,
    textDecorationThickness: "1px",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
]);

const POINTS = ["error", "warning", "info"].map((level) => [
  `.cm-lint-marker-${level}`,
  { content: "none", background: `var(--${level})` },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.65", overscrollBehavior: "contain" },
  ".cm-content": { padding: "12px 0 40vh", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 20px 0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--ink-faint)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 4px", minWidth: "34px" },
  ".cm-activeLine": { backgroundColor: "var(--line-active)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-soft)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-gutter-lint": { width: "20px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0", display: "grid", placeItems: "center" },
  ".cm-lint-marker": { width: "8px", height: "8px", borderRadius: "50%" },
  ".cm-lint-marker-warning": { borderRadius: "2px" },
  ...Object.fromEntries([...MARKED, ...POINTS]),
  ".cm-lintPoint::after": { display: "none" },
  ".cm-jumped": { backgroundColor: "var(--accent-soft)" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    maxWidth: "min(460px, 92vw)",
    fontFamily: "var(--sans)",
  },
  ".cm-tooltip-lint": { maxHeight: "320px", overflowY: "auto", padding: "4px 0" },
  ".cm-diagnostic": { border: "none", padding: "8px 14px", whiteSpace: "normal", lineHeight: "1.45" },
  ".cm-diagnostic + .cm-diagnostic": { borderTop: "1px solid var(--line)" },
  ".cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 12px", fontFamily: "var(--sans)" },
  ".cm-panel.cm-search label": { fontSize: "12px", color: "var(--ink-soft)" },
  ".cm-textfield": {
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    padding: "4px 8px",
    fontSize: "13px",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    color: "var(--ink)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    padding: "4px 10px",
    fontSize: "12px",
  },
  ".cm-searchMatch": { backgroundColor: "var(--warning-soft)", outline: "1px solid var(--warning)" },
  ".cm-diagnosticSource": { display: "none" },
  ".cm-finding p": { margin: "0 0 6px" },
  ".cm-finding code": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
  ".cm-finding .fix": {
    display: "flex",
    gap: "8px",
    backgroundColor: "var(--good-soft)",
    borderRadius: "6px",
    padding: "4px 10px",
  },
  ".cm-finding .fix > :first-child": { color: "var(--good)", fontSize: "12px", fontWeight: "600", lineHeight: "1.6" },
  ".cm-finding button": {
    font: "inherit",
    fontFamily: "var(--mono)",
    fontSize: "12px",
    color: "var(--accent)",
    background: "none",
    border: "none",
    padding: "0",
    cursor: "pointer",
  },
});

const words = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--code-key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--code-constant)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--ink-soft)" },
  { tag: [tags.labelName, tags.typeName, tags.meta, tags.attributeValue], color: "var(--code-meta)" },
]);

export const theme: Extension = [look, syntaxHighlighting(words)];
