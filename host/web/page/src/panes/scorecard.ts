/**
 * The readiness checklist, service by service, in its four sections.
 */
import { h, gauge, icon, replace, type IconName } from "../dom";
import { counted, titled, type Readiness } from "../model";
import type { Outcome } from "../judge";
import { fix } from "../text/fix";
import { inline } from "../text/markdown";
import { notice } from "./findings";

export interface Actions {
  jump: (file: string, line: number) => void;
  explain: (rule: string) => void;
}

/** How many services are shown before one asks for all. */
const MANY = 20;

type Card = Readiness["services"][number] | Readiness["shared"][number];
type Line = Card["sections"][number]["lines"][number];
type Remark = Line["remarks"][number];

const VERDICTS: Record<Line["verdict"], { icon: IconName; says: string }> = {
  pass: { icon: "check", says: "holds" },
  fail: { icon: "close", says: "broken" },
  error: { icon: "close", says: "could not be decided" },
  unknown: { icon: "unknown", says: "unknown" },
  waived: { icon: "dash", says: "waived" },
  "not-applicable": { icon: "dash", says: "does not apply" },
};

export class Scorecard {
  readonly element = h("div", { class: "pane-body" });
  /** Lines that are open: they stay so while one types. */
  #open = new Set<string>();
  #all = false;

  constructor(readonly actions: Actions) {
    this.show({ state: "loading" });
  }

  show(outcome: Outcome): void {
    if (outcome.state !== "judged" || !outcome.readiness) {
      replace(
        this.element,
        heading(),
        outcome.state === "refused" || outcome.state === "failed"
          ? notice("failure", "There is no scorecard", outcome.message)
          : notice(
              "empty",
              "No services yet",
              "Each workload in your manifests gets a card here: what of the readiness checklist holds, and what is missing.",
            ),
      );
      return;
    }
    const { services, shared, undecided } = outcome.readiness;
    const failures = outcome.report.problems.filter((problem) => problem.failure);
    const cards = [...services, ...shared];
    const left = this.#all ? 0 : Math.max(0, cards.length - MANY);
    const showAll = (): void => {
      this.#all = true;
      this.show(outcome);
    };
    replace(
      this.element,
      heading(),
      undecided &&
        h(
          "p",
          { class: "card failure slim" },
          failures.length > 0
            ? `${counted(failures.length, "place")} could not be read, so this is not the whole picture.`
            : outcome.report.unchecked.length > 0
              ? "Something that deploys workloads was not checked, so this is not the whole picture."
              : "Something could not be decided, so this is not the whole picture.",
        ),
      services.length === 0 &&
        notice("empty", "No services here", "The checklist is about workloads, such as a Deployment."),
      ...cards.slice(0, cards.length - left).map((card) => this.#card(card)),
      left > 0 &&
        h("button", { type: "button", class: "button rest", onclick: showAll }, `Show ${counted(left, "more card")}`),
    );
  }

  #card(card: Card): Node {
    const { percent, holds, counted: of } = card.share;
    const title = ("name" in card ? card.name : undefined) ?? "Shared by several services";
    return h(
      "article",
      { class: "service", "aria-label": title },
      h(
        "header",
        null,
        gauge(percent),
        h(
          "div",
          null,
          h("h3", null, card.namespace !== undefined && h("span", { class: "kind" }, `${card.namespace}/`), title),
          h(
            "p",
            { class: "soft" },
            of === 0 ? "No line counts here" : `${holds} of ${counted(of, "line")} hold`,
            rest(card),
          ),
        ),
        percent !== null && h("strong", { class: "percent" }, percent, h("small", null, "%")),
      ),
      ...card.sections
        .filter((section) => section.lines.length > 0)
        .map((section) => {
          const share = section.share;
          return h(
            "section",
            null,
            h(
              "div",
              { class: "section-head" },
              h("h4", null, titled(section.section)),
              h("meter", {
                min: 0,
                max: Math.max(share.counted, 1),
                value: share.holds,
                "aria-label": `${titled(section.section)}: lines that hold`,
                class: share.holds === share.counted ? "full" : "part",
              }),
              h("span", { class: "share" }, share.counted === 0 ? "none" : `${share.holds}/${share.counted}`),
            ),
            h("ul", { class: "lines" }, ...section.lines.map((line) => this.#line(line, `${title} ${line.rule}`))),
          );
        }),
    );
  }

  #line(line: Line, key: string): Node {
    const { icon: sign, says } = VERDICTS[line.verdict];
    const content = [
      h("span", { class: "box" }, icon(sign), h("span", { class: "unseen" }, `${says}: `)),
      h("span", { class: "line-title" }, line.title),
    ];
    const about = h(
      "button",
      {
        type: "button",
        class: "mini",
        "aria-label": `About ${line.rule}`,
        title: line.rule,
        onclick: () => this.actions.explain(line.rule),
      },
      icon("info"),
    );
    if (line.remarks.length === 0)
      return h("li", { class: `check ${line.verdict}` }, h("div", { class: "row" }, ...content), about);
    const details = h(
      "details",
      { open: this.#open.has(key) },
      h("summary", { "data-key": key }, ...content, icon("down")),
      h("ul", { class: "remarks" }, ...line.remarks.map((remark) => this.#remark(remark))),
    );
    details.addEventListener("toggle", () => {
      if (details.open) this.#open.add(key);
      else this.#open.delete(key);
    });
    return h("li", { class: `check ${line.verdict}` }, details, about);
  }

  #remark(remark: Remark): Node {
    const { file, line, message } = remark;
    return h(
      "li",
      null,
      h(
        "button",
        { type: "button", class: "jump plain", onclick: () => this.actions.jump(file, line) },
        h("span", { class: "message" }, ...inline(message)),
        h("span", { class: "line" }, h("span", { class: "unseen" }, "line "), line),
      ),
      fix(remark),
    );
  }
}

function heading(): Node {
  return h("h2", { class: "unseen" }, "Scorecard");
}

function rest(card: Card): string {
  const parts = [
    card.unknown > 0 && `${card.unknown} unknown`,
    card.waived > 0 && `${card.waived} waived`,
    card.notApplicable > 0 && `${card.notApplicable} not applicable`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? `, ${parts.join(", ")}` : "";
}
