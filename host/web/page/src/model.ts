/**
 * The words that the page shares with the package `seaworthy`, and the few that it adds for people.
 */
import type { Report, RuleMetadata } from "seaworthy";

export type { CheckOptions, Edit, PolicyInfo, Readiness, Report, RuleMetadata, SourceFile } from "seaworthy";

export type Result = Report["results"][number];
export type Finding = Result["findings"][number];
export type Problem = Report["problems"][number];
export type Severity = RuleMetadata["severity"];
export type World = "complete" | "partial";

/** The sections in the order of the checklist. */
export const SECTIONS = ["reliability", "observability", "security", "operations", "delivery"] as const;
export type Section = (typeof SECTIONS)[number];

/** The worst first. */
export const SEVERITIES = ["critical", "high", "medium", "low"] as const satisfies readonly Severity[];

export function titled(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `8,000`: how every number on the page is written. */
export function number(count: number): string {
  return count.toLocaleString("en");
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** `Deployment shop/storefront`, as the command line says it. */
export function objectName(object: { kind: string; namespace?: string; name: string }): string {
  return `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`.trim();
}

/** A normalised JSONPath as people write it: `spec.containers[0].image`, quoted only where a key needs it. */
export function shortPath(path: string): string {
  return path.replace(/^\$/, "").replaceAll(/\['([\w-]+)'\]/g, ".$1").replace(/^\./, "");
}

/** What keeps a report without failures from being green: what could not be read, and rules that the reader turned off. */
export function gaps(report: Report, off: number): string[] {
  const unreadable = report.skipped.filter((skipped) => skipped.unreadable).length;
  return [
    ...(unreadable > 0 ? [`${counted(unreadable, "document")} could not be read`] : []),
    ...(off > 0 ? [`${counted(off, "rule is", "rules are")} off`] : []),
  ];
}

/** Whether a manifest holds a Secret, as far as can be told without reading it whole. */
export function isSecret(text: string): boolean {
  return /^\s*["']?kind["']?:\s*["']?Secret\b/m.test(text);
}
