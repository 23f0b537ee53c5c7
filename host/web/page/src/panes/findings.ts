/**
 * The list of what was found: first what could not be decided or was not checked, then violations by object, then what
 * could not be seen.
 */
import { h, icon, replace } from "../dom";
import { counted, objectName, type Finding, type Report, type Result } from "../model";
import type { Outcome } from "../judge";
import { fix } from "../text/fix";
import { inline } from "../text/markdown";

export interface Actions {
  jump: (file: string, line: number, column: number) => void;
  explain: (rule: string) => void;
  retry: () => void;
  tryBad: () => void;
  turnOff: (rule: string) => void;
}

type Level = Finding["level"];
const LEVELS: readonly Level[] = ["violation", "warning", "note"];
const WORDS: Record<Level, [one: string, many: string]> = {
  violation: ["violation", "violations"],
  warning: ["warning", "warnings"],
  note: ["note", "notes"],
};
/** How many findings are listed before one asks for all: thousands would make typing slow, and nobody reads them. */
const MANY = 150;
const WEIGHT = { critical: 0, high: 1, medium: 2, low: 3 };

export class Findings {
  readonly element = h("div", { class: "pane-body" });
  #hidden = new Set<Level>();
  #all = false;
  #unknownOpen = false;
  #shown: Outcome = { state: "loading" };

  constructor(readonly actions: Actions) {
    this.show({ state: "loading" });
  }

  show(outcome: Outcome): void {
    this.#shown = outcome;
    if (outcome.state === "empty") this.#all = false;
    replace(this.element, h("h2", { class: "unseen" }, "Findings"), ...this.#render(outcome));
  }

  #render(outcome: Outcome): Node[] {
    switch (outcome.state) {
      case "loading":
        return [notice("loading", "Loading the rules", "They come once, and then judge in this page itself.")];
      case "failed":
        return [
          notice(
            "failure",
            "The rules could not be loaded",
            outcome.message,
            h("button", { type: "button", class: "button", onclick: this.actions.retry }, "Try again"),
          ),
        ];
      case "empty":
        return [
          notice(
            "empty",
            "Nothing to judge yet",
            "What is found in your manifests will stand here, with its line and what to write instead.",
            h(
              "button",
              { type: "button", class: "button narrow-only", onclick: this.actions.tryBad },
              "See it with a bad example",
            ),
          ),
        ];
      case "refused":
        return [notice("failure", "This cannot be checked", outcome.message)];
      case "judged":
        return this.#report(outcome.report);
    }
  }

  #report(report: Report): Node[] {
    const undecided = report.results.filter((result) => result.verdict === "error");
    const unknown = report.results.filter((result) => result.verdict === "unknown");
    const failures = report.problems.filter((problem) => problem.failure);
    const counts = new Map<Level, number>();
    for (const { findings } of report.results) {
      for (const { level } of findings) counts.set(level, (counts.get(level) ?? 0) + 1);
    }
    const groups = this.#groups(report);
    const clean = undecided.length === 0 && failures.length === 0 && !counts.get("violation");
    return [
      this.#summary(counts, unknown.length),
      ...failures.map((problem) => this.#problem(problem)),
      ...this.#undecided(undecided),
      ...this.#unchecked(report.unchecked),
      clean && this.#clean(report, unknown.length),
      ...groups,
      unknown.length > 0 && this.#unknown(unknown),
      passedOver(report),
    ].filter((node) => node instanceof Node);
  }

  /** How many there are of each level; pressing one hides it. */
  #summary(counts: Map<Level, number>, unknown: number): Node {
    const chips = LEVELS.filter((level) => counts.has(level)).map((level) => {
      const count = counts.get(level) ?? 0;
      const shown = !this.#hidden.has(level);
      return h(
        "button",
        {
          type: "button",
          class: `chip ${level}`,
          "aria-pressed": String(shown),
          "data-key": `chip-${level}`,
          title: shown ? `Hide ${WORDS[level][1]}` : `Show ${WORDS[level][1]}`,
          onclick: () => {
            if (shown) this.#hidden.add(level);
            else this.#hidden.delete(level);
            this.show(this.#shown);
          },
        },
        h("span", { class: `dot ${level}` }),
        counted(count, ...WORDS[level]),
      );
    });
    // One level alone needs no choice, and the tab has the number.
    if (chips.length + Math.sign(unknown) < 2 && this.#hidden.size === 0) return h("div");
    const more = unknown > 0 && h("span", { class: "chip-text" }, `${unknown} unknown`);
    return h("div", { class: "chips", role: "group", "aria-label": "Show by level" }, ...chips, more);
  }

  #groups(report: Report): Node[] {
    const objects = new Map<string, Result[]>();
    for (const result of report.results) {
      const { file, document, path } = result.object;
      const key = JSON.stringify([file, document, path]);
      objects.set(key, [...(objects.get(key) ?? []), result]);
    }
    let room = this.#all ? Infinity : MANY;
    let left = 0;
    const groups = [...objects.values()].flatMap((results) => {
      const found = results
        .flatMap((result) => result.findings.map((finding) => ({ finding, result })))
        .filter(({ finding }) => !this.#hidden.has(finding.level))
        .sort((a, b) => rank(a) - rank(b) || a.finding.line - b.finding.line);
      const items = found.slice(0, room);
      room -= items.length;
      left += found.length - items.length;
      const object = results[0]?.object;
      if (items.length === 0 || !object) return [];
      const violations = found.filter(({ finding }) => finding.level === "violation").length;
      return [
        h(
          "section",
          { class: "group" },
          h(
            "header",
            null,
            h("h3", { title: objectName(object) }, h("span", { class: "kind" }, object.kind), " ", where(object)),
            h("span", { class: "file" }, `${object.file}:${object.line}`),
            violations > 0 && h("span", { class: "count", title: counted(violations, "violation") }, violations),
          ),
          h("ul", { class: "items" }, ...items.map(({ finding, result }) => this.#item(finding, result))),
        ),
      ];
    });
    return left === 0 ? groups : [...groups, this.#rest(left)];
  }

  #rest(left: number): Node {
    const showAll = (): void => {
      this.#all = true;
      this.show(this.#shown);
    };
    return h(
      "button",
      { type: "button", class: "button rest", onclick: showAll },
      `Show ${counted(left, "more finding")}`,
    );
  }

  #item(finding: Finding, result: Result): Node {
    const { file } = result.object;
    return h(
      "li",
      { class: `item ${finding.level}` },
      this.#jump(file, finding.line, finding.column, `${result.rule}-${file}-${finding.path}-${finding.message}`, [
        h("span", { class: `dot ${finding.level}` }),
        h("span", { class: "message" }, ...inline(finding.message)),
      ]),
      fix(finding),
      h(
        "p",
        { class: "about" },
        this.#rule(result.rule),
        h("span", { class: `severity ${result.severity}` }, result.severity),
        finding.container !== undefined &&
          h("span", { class: "container", title: finding.container }, "container ", h("b", null, finding.container)),
      ),
    );
  }

  #jump(file: string, line: number, column: number, key: string, children: Node[]): Node {
    return h(
      "button",
      { type: "button", class: "jump", "data-key": key, onclick: () => this.actions.jump(file, line, column) },
      ...children,
      h("span", { class: "line" }, h("span", { class: "unseen" }, "line "), line),
    );
  }

  #rule(name: string): Node {
    return h(
      "button",
      {
        type: "button",
        class: "rule",
        title: `What ${name} decides, and why`,
        onclick: () => this.actions.explain(name),
      },
      name,
    );
  }

  #problem(problem: Report["problems"][number]): Node {
    const { line, column, related } = problem;
    return h(
      "section",
      { class: "card failure" },
      h("h3", null, icon("close"), line === undefined ? problem.file : `${problem.file}, line ${line}`),
      h("p", null, ...inline(problem.message)),
      related && h("p", { class: "soft" }, `line ${related.line}: `, ...inline(related.message)),
      problem.help !== undefined && h("p", { class: "soft" }, ...inline(problem.help)),
      line !== undefined &&
        h(
          "button",
          { type: "button", class: "button small", onclick: () => this.actions.jump(problem.file, line, column ?? 1) },
          "Go to the line",
        ),
    );
  }

  /** Rules that could not decide: one card a rule and reason, whatever the number of objects. */
  #undecided(results: Result[]): Node[] {
    const cards = new Map<string, Result[]>();
    for (const result of results) {
      const key = `${result.rule} ${result.reason ?? ""}`;
      cards.set(key, [...(cards.get(key) ?? []), result]);
    }
    return [...cards.values()].map((results) => {
      const [first] = results;
      return h(
        "section",
        { class: "card failure" },
        h("h3", null, icon("close"), `${first?.rule} could not decide`),
        h("p", null, first?.reason ?? "It gave no reason."),
        h(
          "p",
          { class: "soft" },
          `About ${results.length === 1 && first ? objectName(first.object) : counted(results.length, "object")}. `,
          "That counts as a failure: what cannot be decided does not hold.",
        ),
        first &&
          h(
            "button",
            { type: "button", class: "button small", onclick: () => this.actions.turnOff(first.rule) },
            "Judge without it",
          ),
      );
    });
  }

  /** What deploys workloads that no rule has seen, each with the command that shows them. */
  #unchecked(unchecked: Report["unchecked"]): Node[] {
    const shown = unchecked.slice(0, this.#all ? undefined : MANY);
    return shown.map(({ file, line, reason, command }) =>
      h(
        "section",
        { class: "card unchecked" },
        h("h3", null, icon("unknown"), `Not checked: ${file}, line ${line}`),
        h("p", null, ...inline(reason)),
        command !== undefined && h("p", { class: "soft" }, "Check what it deploys: ", h("code", null, command)),
        h(
          "button",
          { type: "button", class: "button small", onclick: () => this.actions.jump(file, line, 1) },
          "Go to the line",
        ),
      ),
    );
  }

  #clean(report: Report, unknown: number): Node {
    if (report.unchecked.length > 0) {
      return notice(
        "incomplete",
        "Incomplete",
        `${counted(report.unchecked.length, "place deploys", "places deploy")} workloads that were not checked. ` +
          (report.summary.objects > 0 ? "All checks passed in the rest." : "There is nothing else here."),
      );
    }
    if (report.summary.objects === 0) {
      return notice(
        "empty",
        "No Kubernetes objects here",
        "An object has an apiVersion and a kind. Templates are not checked: render them first.",
      );
    }
    const text =
      unknown === 0
        ? `All checks passed (${counted(report.summary.objects, "object")}).`
        : `No check failed. ${counted(unknown, "check")} would need to see more objects.`;
    return notice("good", unknown === 0 ? "Seaworthy" : "So far, so good", text);
  }

  #unknown(results: Result[]): Node {
    const list = h("ul", { class: "items" });
    // Made when they are looked at: there may be many, and mostly nobody does.
    const fill = (): void =>
      list.replaceChildren(
        ...results
          .slice(0, this.#all ? undefined : MANY)
          .map((result) =>
            h(
              "li",
              { class: "item unknown" },
              this.#jump(
                result.object.file,
                result.object.line,
                result.object.column,
                `unknown-${result.rule}-${result.object.file}-${result.object.line}`,
                [h("span", { class: "dot unknown" }), h("span", { class: "message" }, ...inline(result.reason ?? ""))],
              ),
              h("p", { class: "about" }, this.#rule(result.rule), h("span", null, objectName(result.object))),
            ),
          ),
      );
    const details = h(
      "details",
      { class: "more", open: this.#unknownOpen },
      h("summary", null, icon("unknown"), `${counted(results.length, "answer")} unknown`),
      h("p", { class: "soft" }, "These rules looked for something that may be outside of what is here."),
      list,
    );
    if (this.#unknownOpen) fill();
    details.addEventListener("toggle", () => {
      this.#unknownOpen = details.open;
      if (details.open && list.childElementCount === 0) fill();
    });
    return details;
  }
}

function rank({ finding, result }: { finding: Finding; result: Result }): number {
  return LEVELS.indexOf(finding.level) * 10 + WEIGHT[result.severity];
}

function where(object: Result["object"]): string {
  return `${object.namespace ? `${object.namespace}/` : ""}${object.name || "without a name"}`;
}

export function notice(kind: string, title: string, text: string, ...more: Node[]): Node {
  return h("div", { class: `notice ${kind}` }, h("h3", null, title), h("p", null, ...inline(text)), ...more);
}

function passedOver(report: Report): Node | false {
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
