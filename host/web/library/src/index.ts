/** Is your service ready for production? Checks Kubernetes manifests with sandboxed rules, in Node and in the browser. */
export { type LoadOptions, Seaworthy } from "./seaworthy.js";
export { SeaworthyWorker, SupersededError, type WorkerOptions } from "./client.js";
export type { CheckOptions, Edit, ObjectPlace, PolicyInfo, Readiness, Report, RuleMetadata, SourceFile } from "./types.js";
