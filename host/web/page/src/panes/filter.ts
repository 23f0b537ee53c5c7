/**
 * Which findings the list shows: by level, by severity and by section. It hides nothing without saying how much.
 */
import { h } from "../dom";
import {
  counted,
  type Finding,
  number,
  type Report,
  type Result,
  SECTIONS,
  type Section,
  SEVERITIES,
  type Severity,
  titled,
} from "../model";

export type Level = Finding["level"];

export const LEVELS: readonly Level[] = ["violation", "warning", "note"];
const WORDS: Record<Level, [one: string, many: string]> = {
  violation: ["violation", "violations"],
  warning: ["warning", "warnings"],
  note: ["note", "notes"],
};

export class Filter {
  #hidden = new Set<Level>();
  #atLeast: Severity = "low";
  #section: Section | undefined;

  /** `changed` is called when the reader chose otherwise. */
  constructor(readonly changed: () => void) {}

  hasLevel(finding: Finding): boolean {
    return !this.#hidden.has(finding.level);
  }

  hasRule(result: Result): boolean {
    const isBadEnough = SEVERITIES.indexOf(result.severity) <= SEVERITIES.indexOf(this.#atLeast);
    return isBadEnough && (this.#section === undefined || this.#section === result.section);
  }

  /** The controls, with how many there are of each; none where there is nothing to choose. */
  render(report: Report): Node {
    const told = report.results.filter((result) => result.findings.length > 0);
    const findings = told.flatMap((result) => result.findings.map((finding) => ({ finding, result })));
    const shown = findings.filter(({ finding, result }) => this.hasLevel(finding) && this.hasRule(result)).length;
    const hidden = findings.length - shown;
    const levels = LEVELS.filter((level) => findings.some(({ finding }) => finding.level === level));
    const chips = levels.map((level) =>
      this.#chip(level, findings.filter(({ finding }) => finding.level === level).length),
    );
    const unknown = report.results.filter((result) => result.verdict === "unknown").length;
    return h(
      "div",
      { class: "filter", role: "group", "aria-label": "Filter the findings" },
      // One level alone needs no choice, and the tab has the number.
      ...(chips.length > 1 || hidden > 0 ? chips : []),
      unknown > 0 && h("span", { class: "chip-text" }, `${number(unknown)} unknown`),
      this.#severity(told),
      this.#sections(told),
      hidden > 0 &&
        h(
          "p",
          { class: "hidden-note" },
          `${number(shown)} of ${counted(findings.length, "finding")} shown. `,
          h("button", { type: "button", class: "link", "data-key": "show-all", onclick: () => this.#showAll() }, "Show all"),
        ),
    );
  }

  #chip(level: Level, count: number): HTMLElement {
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
          this.changed();
        },
      },
      h("span", { class: `dot ${level}` }),
      counted(count, ...WORDS[level]),
    );
  }

  #severity(told: Result[]): HTMLElement | false {
    const here = SEVERITIES.filter((severity) => told.some((result) => result.severity === severity));
    if (here.length < 2 && this.#atLeast === "low") return false;
    const options = SEVERITIES.map((severity, index): [Severity, string] => [
      severity,
      severity === "low" ? "All severities" : index === 0 ? "Critical only" : `${titled(severity)} and above`,
    ]);
    return choice("Severity", options.reverse(), this.#atLeast, (severity) => {
      this.#atLeast = severity;
      this.changed();
    });
  }

  #sections(told: Result[]): HTMLElement | false {
    const here = SECTIONS.filter((section) => told.some((result) => result.section === section));
    if (here.length < 2 && this.#section === undefined) return false;
    const shown = SECTIONS.filter((section) => here.includes(section) || section === this.#section);
    const options = shown.map((section): [Section | "", string] => [section, titled(section)]);
    return choice("Section", [["", "All sections"], ...options], this.#section ?? "", (section) => {
      this.#section = section === "" ? undefined : section;
      this.changed();
    });
  }

  #showAll(): void {
    this.#hidden.clear();
    this.#atLeast = "low";
    this.#section = undefined;
    this.changed();
  }
}

function choice<V extends string>(
  label: string,
  options: [value: V, words: string][],
  current: V,
  chosen: (value: V) => void,
): HTMLElement {
  const select = h(
    "select",
    {
      "aria-label": label,
      class: options[0]?.[0] === current ? "choice" : "choice chosen",
      "data-key": `choice-${label}`,
      onchange: () => chosen(select.value as V),
    },
    ...options.map(([value, words]) => h("option", { value, selected: value === current }, words)),
  );
  return select;
}
