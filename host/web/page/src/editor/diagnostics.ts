/**
 * From a report's lines and columns to marks in the editor.
 */
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import { h } from "../dom";
import type { Report } from "../model";
import { type Fixable, fix } from "../text/fix";
import { inline } from "../text/markdown";

interface Place {
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
}

const SEVERITY = { violation: "error", warning: "warning", note: "info" } as const;

/** The marks of `file`. `explain` opens the documentation of a rule. */
export function diagnostics(report: Report, file: string, doc: Text, explain: (rule: string) => void): Diagnostic[] {
  const found: Diagnostic[] = report.problems
    .filter((problem) => problem.file === file)
    .map((problem) => ({
      ...range(doc, problem),
      severity: problem.failure ? ("error" as const) : ("info" as const),
      message: problem.message,
      renderMessage: () => card(problem.message, { fix: problem.help }),
    }));
  for (const result of report.results) {
    if (result.object.file !== file) continue;
    for (const finding of result.findings) {
      found.push({
        ...range(doc, finding),
        severity: SEVERITY[finding.level],
        message: finding.message,
        source: result.rule,
        renderMessage: () => card(finding.message, finding, { rule: result.rule, explain }),
      });
    }
    if (result.verdict === "error") {
      const message = `${result.rule} could not decide: ${result.reason ?? "no reason was given"}`;
      found.push({ ...range(doc, result.object), severity: "error", message, source: result.rule });
    }
  }
  return found;
}

function card(
  message: string,
  instead?: Fixable,
  about?: { rule: string; explain: (rule: string) => void },
): HTMLElement {
  return h(
    "div",
    { class: "cm-finding" },
    h("p", null, ...inline(message)),
    instead && fix(instead),
    about && h("button", { type: "button", onclick: () => about.explain(about.rule) }, about.rule),
  );
}

/** The marked text: what the report says, or else what stands at the place up to the end of its line. */
function range(doc: Text, place: Place): { from: number; to: number } {
  const from = offset(doc, place.line ?? 1, place.column ?? 1);
  if (place.endLine !== undefined && place.endColumn !== undefined) {
    const to = offset(doc, place.endLine, place.endColumn);
    const line = doc.lineAt(from);
    // A mark over many lines hides what it means: its first line is enough.
    if (to > from) return { from, to: Math.min(to, Math.max(line.to, from)) };
  }
  const rest = doc.sliceString(from, doc.lineAt(from).to);
  const word = /^(?:-\s+)?(?:[^\s:,}\]]|:(?=\S))*/.exec(rest)?.[0] ?? "";
  return { from, to: from + Math.max(word.length, Math.min(1, rest.length)) };
}

/** Where a place is in the text. Lines count from 1; so do columns, in Unicode scalar values where the editor has UTF-16. */
export function offset(doc: Text, line: number, column: number): number {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(Math.max(1, line));
  let at = 0;
  for (let left = column - 1; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return from + at;
}
