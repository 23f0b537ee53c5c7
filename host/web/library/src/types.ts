/** The shapes that go in and come out. Those of the outputs are made from the JSON Schemas in `docs/`. */
import type { ReadinessOfSeaworthy } from "./generated/readiness.js";
import type { ReportOfSeaworthy } from "./generated/report.js";
import type { RulesOfSeaworthy } from "./generated/rules.js";

export type Report = ReportOfSeaworthy;
export type Readiness = ReadinessOfSeaworthy;
export type RuleMetadata = RulesOfSeaworthy[number];

/** The change that a rule proposes in a finding. */
export type Edit = NonNullable<Report["results"][number]["findings"][number]["edit"]>;

/** Which object it is, and where it stands in its file; a report says it of each. */
export type ObjectPlace = Pick<Report["results"][number]["object"], "document" | "path" | "kind" | "name" | "namespace">;

/** What a policy of somebody else's says of itself, in a rule's words. */
export type PolicyInfo = RuleMetadata;

/** One manifest file. */
export interface SourceFile {
  /** A path with `/`: what stands in one folder is nearer to each other. */
  name: string;
  /** YAML or JSON, one document or many. */
  text: string;
}

export interface CheckOptions {
  /**
   * Whether the files are complete. If they are, an object that is not in them is missing. `partial` is the default: a rule
   * that looks for such an object answers `unknown` and says what it looked for.
   */
  world?: "complete" | "partial";
  /**
   * Which rules run: `essential`, the rules for every team; `recommended`, all except those for tools that the files do not
   * use, the default of `check` and `sarif`; `full`, the default of `readiness` and `markdown`.
   */
  profile?: "essential" | "recommended" | "full";
  /** Only these rules, whatever the profile. */
  rules?: readonly string[];
  /** Not these rules. */
  skip?: readonly string[];
  /** Settings by rule; they come before those of `config`. */
  settings?: Readonly<Record<string, unknown>>;
  /** The text of a configuration, YAML: rules that are off, settings, waivers. */
  config?: string;
  /** The day that waivers are compared with, `YYYY-MM-DD`; today. */
  today?: string;
}
