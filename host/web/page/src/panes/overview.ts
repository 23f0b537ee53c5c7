/**
 * All services at a glance, the worst first: the share of checks that pass, and how many fail, by severity.
 */
import { h } from "../dom";
import { number, type Readiness, SEVERITIES, type Severity } from "../model";

export type Card = Readiness["services"][number] | Readiness["shared"][number];

export function titleOf(card: Card): string {
  return ("name" in card ? card.name : undefined) ?? "Shared by several services";
}

/** How many checks fail, or could not decide, by severity. */
export function failing(card: Card): Map<Severity, number> {
  const counts = new Map<Severity, number>();
  for (const { verdict, severity } of card.sections.flatMap((section) => section.lines)) {
    if (verdict === "fail" || verdict === "error") counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  return counts;
}

/** The least share first, and of equal ones that with the worse failures. */
export function worstFirst(cards: readonly Card[]): Card[] {
  const known = cards.map((card) => ({ card, counts: failing(card), percent: card.share.percent ?? 101 }));
  known.sort((one, other) => {
    const severity = SEVERITIES.find((severity) => one.counts.get(severity) !== other.counts.get(severity));
    const worse = severity ? (other.counts.get(severity) ?? 0) - (one.counts.get(severity) ?? 0) : 0;
    return one.percent - other.percent || worse;
  });
  return known.map(({ card }) => card);
}

/** Green only where all is known and passes. */
export function tone({ share, unknown }: Card): "good" | "bad" | "incomplete" {
  if (share.percent !== null && share.percent < 100) return "bad";
  return unknown > 0 || share.percent === null ? "incomplete" : "good";
}

export function overview(cards: readonly Card[], open: (card: Card) => void): HTMLElement {
  return h(
    "section",
    { class: "overview", tabindex: "0", "aria-label": "Overview of services, worst first" },
    h("ol", null, ...cards.map((card) => h("li", null, entry(card, open)))),
  );
}

function entry(card: Card, open: (card: Card) => void): HTMLElement {
  const counts = failing(card);
  const parts = SEVERITIES.flatMap((severity) => {
    const count = counts.get(severity) ?? 0;
    return count === 0 ? [] : [h("span", { class: `severity ${severity}` }, `${number(count)} ${severity}`)];
  });
  const { percent } = card.share;
  return h(
    "button",
    { type: "button", onclick: () => open(card) },
    h("span", { class: `percent-text ${tone(card)}` }, percent === null ? "n/a" : `${percent} %`),
    h(
      "span",
      { class: "entry-name" },
      "name" in card && card.namespace !== undefined && h("span", { class: "kind" }, `${card.namespace}/`),
      titleOf(card),
    ),
    h(
      "span",
      { class: "entry-counts" },
      ...parts,
      card.unknown > 0 && h("span", { class: "unknown-count" }, `${number(card.unknown)} unknown`),
      parts.length === 0 && card.unknown === 0 && "all pass",
    ),
  );
}
