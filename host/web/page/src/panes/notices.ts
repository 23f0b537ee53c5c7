/**
 * What stands above the findings: what could not be read, could not be decided, or was not checked, and in one sentence how
 * it stands. Nothing is green here of which something was not seen.
 */
import { h, icon } from "../dom";
import { counted, gaps, objectName, type Problem, type Report, type Result } from "../model";
import { inline } from "../text/markdown";

type Jump = (file: string, line: number, column: number) => void;

export function notice(kind: string, title: string, text: string, ...more: Node[]): Node {
  return h("div", { class: `notice ${kind}` }, h("h3", null, title), h("p", null, ...inline(text)), ...more);
}

/** A file, or a place in one, that could not be read. */
export function problemCard(problem: Problem, jump: Jump): Node {
  const { file, line, column, related } = problem;
  return h(
    "section",
    { class: "card failure" },
    h("h3", null, icon("close"), line === undefined ? file : `${file}, line ${line}`),
    h("p", null, ...inline(problem.message)),
    related && h("p", { class: "soft" }, `line ${related.line}: `, ...inline(related.message)),
    problem.help !== undefined && h("p", { class: "soft" }, ...inline(problem.help)),
    line !== undefined && goTo(() => jump(file, line, column ?? 1)),
  );
}

/** Rules that could not decide: one card a rule and reason, whatever the number of objects. */
export function undecidedCards(results: Result[], turnOff: (rule: string) => void): Node[] {
  const cards = new Map<string, [Result, ...Result[]]>();
  for (const result of results) {
    const key = `${result.rule} ${result.reason ?? ""}`;
    const same = cards.get(key);
    if (same) same.push(result);
    else cards.set(key, [result]);
  }
  return [...cards.values()].map((results) => {
    const [{ rule, reason, object }] = results;
    return h(
      "section",
      { class: "card failure" },
      h("h3", null, icon("close"), `${rule} could not decide`),
      h("p", null, reason ?? "It gave no reason."),
      h(
        "p",
        { class: "soft" },
        `About ${results.length === 1 ? objectName(object) : counted(results.length, "object")}. `,
        "This counts as a failure.",
      ),
      h("button", { type: "button", class: "button small", onclick: () => turnOff(rule) }, "Check without it"),
    );
  });
}

/** What deploys workloads that no rule has seen, with the command that shows them. */
export function uncheckedCard({ file, line, reason, command }: Report["unchecked"][number], jump: Jump): Node {
  return h(
    "section",
    { class: "card unchecked" },
    h("h3", null, icon("unknown"), `Not checked: ${file}, line ${line}`),
    h("p", null, ...inline(reason)),
    command !== undefined && h("p", { class: "soft" }, "Check what it deploys: ", h("code", null, command)),
    goTo(() => jump(file, line, 1)),
  );
}

/** How it stands where no check failed. */
export function verdict(report: Report, unknown: number, off: number): Node {
  const { unchecked, summary } = report;
  if (unchecked.length > 0) {
    return notice(
      "incomplete",
      "Incomplete",
      `${counted(unchecked.length, "place deploys", "places deploy")} workloads that were not checked. ` +
        (summary.objects > 0 ? "No check failed in the rest." : "There is nothing else here."),
    );
  }
  if (summary.objects === 0) {
    return notice(
      "incomplete",
      "No Kubernetes objects here",
      "Nothing was checked. An object has an `apiVersion` and a `kind`. Render templates first, for example with `helm template`.",
    );
  }
  if (unknown > 0) {
    const more = report.world === "partial" ? " If these files are complete, choose *complete* below the editor." : "";
    return notice(
      "incomplete",
      "No check failed, but not all were answered",
      `${counted(unknown, "answer is", "answers are")} unknown: the rule looked for an object that is not in these files.${more}`,
    );
  }
  const unseen = gaps(report, off);
  if (unseen.length > 0) {
    return notice("incomplete", "No check failed, but not everything was checked", `${unseen.join(", and ")}.`);
  }
  return notice("good", "Seaworthy", `All checks passed (${counted(summary.objects, "object")}).`);
}

/** Documents that hold nothing to check, and remarks about files. */
export function skipped(report: Report): Node | false {
  const notes = [
    ...report.skipped.map(({ file, line, reason }) => `${file}:${line}: ${reason}`),
    ...report.problems.filter((problem) => !problem.failure).map(({ file, message }) => `${file}: ${message}`),
  ];
  if (notes.length === 0) return false;
  return h(
    "details",
    { class: "more" },
    h("summary", null, icon("info"), `${counted(notes.length, "document")} skipped`),
    h("ul", { class: "notes" }, ...notes.map((note) => h("li", null, note))),
  );
}

function goTo(run: () => void): HTMLElement {
  return h("button", { type: "button", class: "button small", onclick: run }, "Go to the line");
}
