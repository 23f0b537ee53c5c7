/**
 * The other end of `SeaworthyWorker`: loads the engine in a Worker and answers its calls, one after the other.
 *
 * While rules run it says that it is alive, a few times a second; where it is watched, the name of each rule before
 * that is evaluated. Who hears nothing any more knows that a rule hangs, and if it watched, which.
 */
import { EngineLost, observed } from "./sandbox.js";
import { type LoadOptions, Seaworthy } from "./seaworthy.js";

/** What can be called. `load` comes first. */
export type Method =
  | "load" | "rules" | "check" | "checkJson" | "readiness" | "sarif" | "markdown" | "edited" | "addPolicy" | "removePolicy"
  | "stop";

export interface Request {
  id: number;
  method: Method;
  parameters: unknown[];
  /** Whether to name each rule before it is evaluated. */
  isWatched?: boolean;
}

export type Message =
  | { type: "alive" }
  | { type: "evaluating"; rule: string }
  | { type: "answer"; id: number; value: unknown }
  | { type: "failure"; id: number; message: string; isLost: boolean };

/** How often to say that it is alive, in milliseconds. */
const INTERVAL = 100;

/** Of a Worker's global scope, what is needed here. */
interface Scope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(message: Message): void;
}

const scope = self as unknown as Scope;
let seaworthy: Seaworthy | undefined;
let earlier: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }) => {
  earlier = earlier.then(() => answer(data));
};

async function answer({ id, method, parameters, isWatched = false }: Request): Promise<void> {
  watch(isWatched);
  try {
    scope.postMessage({ type: "answer", id, value: await call(method, parameters) });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    scope.postMessage({ type: "failure", id, message, isLost: cause instanceof EngineLost });
  }
}

async function call(method: Method, parameters: unknown[]): Promise<unknown> {
  if (method === "load") {
    seaworthy = await Seaworthy.load(parameters[0] as LoadOptions);
    return undefined;
  }
  if (!seaworthy) throw new Error("the engine is not loaded");
  return (seaworthy[method] as (...parameters: unknown[]) => unknown).apply(seaworthy, parameters);
}

function watch(isWatched: boolean): void {
  let last = performance.now();
  observed((rule) => {
    if (isWatched) return scope.postMessage({ type: "evaluating", rule });
    const now = performance.now();
    if (now - last > INTERVAL) {
      last = now;
      scope.postMessage({ type: "alive" });
    }
  });
}
