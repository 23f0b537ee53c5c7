/**
 * All services at a glance, the worst first: the share of checks that pass, and how many fail, by severity.
 */
import { h } from "../dom";
import { number, type Readiness, SEVERITIES } from "../model";

export type Card = Readiness["services"][number] | Readiness["shared"][number];

export function titleOf(card: Card): string {
  return ("name" in card ? card.name : undefined) ?? "Shared by several services";
}

/** The colour of a share. `isPart`: something was not checked that the engine knows nothing of. */
export function tone({ standing }: Card["share"], isPart: boolean): "good" | "bad" | "incomplete" {
  if (standing === "not") return "bad";
  return standing === "ready" && !isPart ? "good" : "incomplete";
}

export function overview(cards: readonly Card[], open: (card: Card) => void, isPart: boolean): HTMLElement {
  return h(
    "section",
    { class: "overview", tabindex: "0", "aria-label": "Overview of services, worst first" },
    h("ol", null, ...cards.map((card) => h("li", null, entry(card, open, isPart)))),
  );
}

function entry(card: Card, open: (card: Card) => void, isPart: boolean): HTMLElement {
  const parts = SEVERITIES.flatMap((severity) => {
    const count = card.failing[severity];
    return count === 0 ? [] : [h("span", { class: `severity ${severity}` }, `${number(count)} ${severity}`)];
  });
  const { percent } = card.share;
  return h(
    "button",
    { type: "button", onclick: () => open(card) },
    h("span", { class: `percent-text ${tone(card.share, isPart)}` }, percent === null ? "n/a" : `${percent} %`),
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
      parts.length === 0 && card.unknown === 0 && (percent === null ? "no check counts" : "all pass"),
    ),
  );
}
