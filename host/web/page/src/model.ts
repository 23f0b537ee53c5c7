/**
 * The words that the page shares with the package `seaworthy`, and the few that it adds for people.
 */
import type { Report, RuleMetadata } from "seaworthy";

export type { CheckOptions, PolicyInfo, Readiness, Report, RuleMetadata, SourceFile } from "seaworthy";

export type Result = Report["results"][number];
export type Finding = Result["findings"][number];
export type Problem = Report["problems"][number];
export type Severity = RuleMetadata["severity"];
export type World = "complete" | "partial";

/** The sections in the order of the checklist. */
export const SECTIONS = ["reliability", "observability", "security", "operations", "delivery"] as const;
export type Section = (typeof SECTIONS)[number];

export function titled(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** `Deployment shop/storefront`, as the command line says it. */
export function objectName(object: { kind: string; namespace?: string; name: string }): string {
  return `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`.trim();
}
