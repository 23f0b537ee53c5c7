/**
 * The list of what was found: first what could not be decided or was not checked, then findings by object, then what could
 * not be seen.
 */
import { h, icon, replace } from "../dom";
import type { Told } from "../editor/place";
import type { Outcome } from "../judge";
import {
  counted,
  type Finding,
  number,
  objectName,
  type Report,
  type Result,
  SEVERITIES,
  shortPath,
} from "../model";
import { fix, fixButtons } from "../text/fix";
import { inline } from "../text/markdown";
import { Filter, LEVELS } from "./filter";
import { notice, problemCard, skipped, uncheckedCard, undecidedCards, verdict } from "./notices";

export interface Actions {
  jump: (file: string, line: number, column: number, told?: Told) => void;
  explain: (rule: string) => void;
  apply: (told: Told) => void;
  copy: (told: Told) => void;
  retry: () => void;
  tryBad: () => void;
  turnOff: (rule: string) => void;
}

/** How many findings are listed before one asks for all: thousands would make typing slow, and nobody reads them. */
const MANY = 150;

export class Findings {
  readonly element = h("div", { class: "pane-body" });
  #filter = new Filter(() => this.show(this.#shown));
  #all = false;
  #unknownOpen = false;
  #shown: Outcome = { state: "loading", share: 0 };

  constructor(readonly actions: Actions) {
    this.show(this.#shown);
  }

  show(outcome: Outcome): void {
    this.#shown = outcome;
    if (outcome.state === "empty") this.#all = false;
    replace(this.element, h("h2", { class: "unseen" }, "Findings"), ...this.#render(outcome));
  }

  #render(outcome: Outcome): Node[] {
    switch (outcome.state) {
      case "loading":
        return [notice("loading", "Loading the rules", "They load once, and then run in this page.")];
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
            "Nothing to check yet",
            "Findings appear here, each with its line and how to fix it.",
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
        return this.#report(outcome.report, outcome.off);
    }
  }

  #report(report: Report, off: number): Node[] {
    const { jump, turnOff } = this.actions;
    const undecided = report.results.filter((result) => result.verdict === "error");
    const unknown = report.results.filter((result) => result.verdict === "unknown");
    const failures = report.problems.filter((problem) => problem.failure);
    const hasFailed = report.results.some((result) => result.findings.some(({ level }) => level === "violation"));
    const unchecked = report.unchecked.slice(0, this.#all ? undefined : MANY);
    const unseen = unknown.filter((result) => this.#filter.hasRule(result));
    return [
      this.#filter.render(report),
      ...failures.map((problem) => problemCard(problem, jump)),
      ...undecidedCards(undecided, turnOff),
      ...unchecked.map((place) => uncheckedCard(place, jump)),
      undecided.length === 0 && failures.length === 0 && !hasFailed && verdict(report, unknown.length, off),
      ...this.#groups(report),
      unseen.length > 0 && this.#unknown(unseen),
      skipped(report),
    ].filter((node) => node instanceof Node);
  }

  #groups(report: Report): Node[] {
    const objects = new Map<string, Result[]>();
    for (const result of report.results) {
      const { file, document, path } = result.object;
      const key = JSON.stringify([file, document, path]);
      const others = objects.get(key);
      if (others) others.push(result);
      else objects.set(key, [result]);
    }
    let room = this.#all ? Infinity : MANY;
    let left = 0;
    const groups = [...objects.values()].flatMap((results) => {
      const found = results
        .filter((result) => this.#filter.hasRule(result))
        .flatMap((result) => result.findings.map((finding) => ({ finding, result })))
        .filter(({ finding }) => this.#filter.hasLevel(finding))
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
            violations > 0 && h("span", { class: "count", title: counted(violations, "violation") }, number(violations)),
          ),
          h("ul", { class: "items" }, ...items.map((told) => this.#item(told))),
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

  #item(told: Told): Node {
    const { finding, result } = told;
    const { file } = result.object;
    const key = `${result.rule}-${file}-${finding.path}-${finding.message}`;
    const buttons = fixButtons(finding, {
      apply: () => this.actions.apply(told),
      copy: () => this.actions.copy(told),
    });
    return h(
      "li",
      { class: `item ${finding.level}` },
      this.#jump(
        file,
        finding.line,
        finding.column,
        key,
        [
          h("span", { class: `dot ${finding.level}` }),
          h("span", { class: "message" }, ...inline(finding.message)),
        ],
        told,
      ),
      finding.path !== "$" && h("p", { class: "path" }, shortPath(finding.path)),
      fix(finding),
      h(
        "div",
        { class: "about" },
        this.#rule(result.rule),
        h("span", { class: `severity ${result.severity}` }, result.severity),
        finding.container !== undefined &&
          h("span", { class: "container", title: finding.container }, "container ", h("b", null, finding.container)),
        buttons.length > 0 && h("span", { class: "actions" }, ...buttons),
      ),
    );
  }

  #jump(file: string, line: number, column: number, key: string, children: Node[], told?: Told): Node {
    return h(
      "button",
      { type: "button", class: "jump", "data-key": key, onclick: () => this.actions.jump(file, line, column, told) },
      ...children,
      h("span", { class: "line" }, h("span", { class: "unseen" }, "line "), number(line)),
    );
  }

  #rule(name: string): Node {
    return h(
      "button",
      { type: "button", class: "rule", title: `What ${name} checks, and why`, onclick: () => this.actions.explain(name) },
      name,
    );
  }

  #unknown(results: Result[]): Node {
    const list = h("ul", { class: "items" });
    // Made when they are looked at: there may be many, and mostly nobody does.
    const fill = (): void =>
      list.replaceChildren(
        ...results.slice(0, this.#all ? undefined : MANY).map(({ object, reason, rule }) =>
          h(
            "li",
            { class: "item unknown" },
            this.#jump(object.file, object.line, object.column, `unknown-${rule}-${object.file}-${object.line}`, [
              h("span", { class: "dot unknown" }),
              h("span", { class: "message" }, ...inline(reason ?? "")),
            ]),
            h("div", { class: "about" }, this.#rule(rule), h("span", null, objectName(object))),
          ),
        ),
      );
    const details = h(
      "details",
      { class: "more", open: this.#unknownOpen },
      h("summary", null, icon("unknown"), `${counted(results.length, "answer")} unknown`),
      h("p", { class: "soft" }, "These rules looked for an object that is not in these files."),
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
  return LEVELS.indexOf(finding.level) * 10 + SEVERITIES.indexOf(result.severity);
}

function where(object: Result["object"]): string {
  return `${object.namespace ? `${object.namespace}/` : ""}${object.name || "without a name"}`;
}
