/**
 * How it stands, in numbers: on the tabs, at the foot, and aloud.
 */
import type { Outcome } from "./judge";
import { counted, gaps, number } from "./model";

export interface Summary {
  findings: { text: string; kind: string };
  scorecard: { text: string; kind: string };
  status: string;
  /** What is read out; nothing new where it is `undefined`. */
  spoken: string | undefined;
}

const NONE = { text: "", kind: "" };

export function summary(outcome: Outcome, rules: number): Summary {
  switch (outcome.state) {
    case "loading":
      return { findings: NONE, scorecard: NONE, status: "Loading the rules…", spoken: undefined };
    case "failed":
      return { findings: NONE, scorecard: NONE, status: "The rules are not loaded.", spoken: undefined };
    case "refused":
      return { findings: NONE, scorecard: NONE, status: "Not checked.", spoken: "This cannot be checked." };
    case "empty": {
      const status = `${counted(rules, "rule")} ready. Nothing leaves this page.`;
      return { findings: NONE, scorecard: NONE, status, spoken: undefined };
    }
    case "judged":
      return judged(outcome);
  }
}

function judged({ report, readiness, off, milliseconds }: Extract<Outcome, { state: "judged" }>): Summary {
  const { verdicts, objects } = report.summary;
  const failures = report.problems.filter((problem) => problem.failure).length + (verdicts.error ?? 0);
  const violations = report.results
    .flatMap((result) => result.findings)
    .filter((finding) => finding.level === "violation").length;
  const total = failures + violations;
  const isUnseen =
    report.summary.outcome === "incomplete" ||
    objects === 0 ||
    (verdicts.unknown ?? 0) > 0 ||
    gaps(report, off).length > 0;
  const clean = isUnseen ? "No check failed, but not everything was checked" : "All checks passed";
  const kind = total > 0 ? "bad" : isUnseen ? "incomplete" : "good";
  const duration = milliseconds < 1 ? "under 1 ms" : `${number(Math.round(milliseconds))} ms`;
  const shares = readiness?.services.flatMap((service) => service.share.percent ?? []) ?? [];
  const least = Math.min(...shares);
  return {
    findings: { text: number(total), kind },
    scorecard: shares.length > 0 ? { text: `${least} %`, kind: least < 100 ? "" : isUnseen ? "incomplete" : "good" } : NONE,
    status: `${counted(objects, "object")}, ${counted(report.rules.length, "rule")}, ${duration}. Nothing leaves this page.`,
    spoken: total === 0 ? clean : counted(total, "failure"),
  };
}
