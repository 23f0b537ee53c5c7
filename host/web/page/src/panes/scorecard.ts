/**
 * The readiness checklist, service by service, the worst first, each in its sections.
 */
import { h, gauge, icon, replace, type IconName } from "../dom";
import { counted, gaps, number, titled } from "../model";
import type { Outcome } from "../judge";
import { fix } from "../text/fix";
import { inline } from "../text/markdown";
import { notice } from "./notices";
import { type Card, overview, titleOf, tone } from "./overview";

export interface Actions {
  jump: (file: string, line: number) => void;
  explain: (rule: string) => void;
}

/** How many services are shown before one asks for all. */
const MANY = 20;

type Line = Card["sections"][number]["lines"][number];
type Remark = Line["remarks"][number];

const VERDICTS: Record<Line["verdict"], { icon: IconName; says: string }> = {
  pass: { icon: "check", says: "pass" },
  fail: { icon: "close", says: "fail" },
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
    this.show({ state: "loading", share: 0 });
  }

  show(outcome: Outcome): void {
    if (outcome.state !== "judged" || !outcome.readiness) {
      replace(
        this.element,
        heading(),
        outcome.state === "refused" || outcome.state === "failed"
          ? notice("failure", "There is no readiness checklist", outcome.message)
          : notice(
              "empty",
              "No services yet",
              "Each service in your manifests gets a card here: which checks of the readiness checklist pass, and which do not.",
            ),
      );
      return;
    }
    const { services, shared, undecided } = outcome.readiness;
    const failures = outcome.report.problems.filter((problem) => problem.failure);
    const unseen = gaps(outcome.report, outcome.off);
    const isPart = unseen.length > 0;
    const cards = [...services, ...shared].sort((one, other) => one.rank - other.rank);
    const left = this.#all ? 0 : Math.max(0, cards.length - MANY);
    const showAll = (): void => {
      this.#all = true;
      this.show(outcome);
    };
    const open = (card: Card): void => {
      const index = cards.indexOf(card);
      if (index >= cards.length - left) showAll();
      const article = this.element.querySelectorAll<HTMLElement>("article")[index];
      article?.scrollIntoView({ block: "start" });
      article?.focus({ preventScroll: true });
    };
    const isUnread = failures.length > 0;
    replace(
      this.element,
      heading(),
      undecided &&
        h(
          "p",
          { class: isUnread ? "card failure slim" : "card unchecked slim" },
          isUnread
            ? `${counted(failures.length, "place")} could not be read. The readiness checklist is incomplete.`
            : outcome.report.unchecked.length > 0
              ? "Some workloads were not checked. The readiness checklist is incomplete."
              : "A rule could not decide. The readiness checklist is incomplete.",
        ),
      !undecided &&
        isPart &&
        h("p", { class: "card unchecked slim" }, `${unseen.join(", and ")}. The readiness checklist is incomplete.`),
      services.length === 0 &&
        notice("empty", "No services here", "The checklist is about workloads, such as a Deployment."),
      cards.length > 1 && overview(cards, open, isPart),
      ...cards.slice(0, cards.length - left).map((card) => this.#card(card, isPart)),
      left > 0 &&
        h("button", { type: "button", class: "button rest", onclick: showAll }, `Show ${counted(left, "more card")}`),
    );
  }

  #card(card: Card, isPart: boolean): Node {
    const { percent, holds, counted: of } = card.share;
    const title = titleOf(card);
    return h(
      "article",
      { class: `service ${tone(card.share, isPart)}`, "aria-label": title, tabindex: "-1" },
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
            of === 0 ? "No check counts here" : `${number(holds)} of ${counted(of, "check")} pass`,
            ...rest(card),
          ),
        ),
        percent !== null && h("strong", { class: "percent" }, `${percent} %`),
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
                "aria-label": `${titled(section.section)}: checks that pass`,
                class: tone(share, isPart) === "good" ? "full" : "part",
              }),
              h("span", { class: "share" }, share.counted === 0 ? "n/a" : `${number(share.holds)} of ${number(share.counted)}`),
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
        h("span", { class: "line" }, h("span", { class: "unseen" }, "line "), number(line)),
      ),
      fix(remark),
    );
  }
}

function heading(): Node {
  return h("h2", { class: "unseen" }, "Readiness");
}

function rest(card: Card): Node[] {
  const parts: [count: number, words: string, kind: string][] = [
    [card.unknown, "unknown", "unknown-count"],
    [card.waived, "waived", ""],
    [card.notApplicable, "not applicable", ""],
  ];
  return parts.flatMap(([count, words, kind]) =>
    count === 0 ? [] : [h("span", { class: kind }, `, ${number(count)} ${words}`)],
  );
}
