/**
 * Fetches the engine, the rules and the Worker's script once, and starts Workers from what was fetched: a Worker that was
 * ended for a rule that hung is replaced without a request. Such a Worker inherits the page's content security policy, too.
 */
import { SeaworthyWorker } from "seaworthy";
import engineUrl from "seaworthy/engine.wasm?url";
import bundleUrl from "seaworthy/policies.bundle?url";
import scriptUrl from "seaworthy/worker.js?worker&url";

/** How many bytes engine and rules are, unpacked: `vite.config.ts` looks. A server that packs them does not say. */
declare const LOADED_BYTES: number;

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** By the content security policy this is the one place where a text becomes a script, or HTML. */
const trusted = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("seaworthy", {
  createScriptURL: (url) => url,
});

/** `progress` is told which share of the bytes is here, from 0 to 1. */
export async function start(progress: (share: number) => void): Promise<SeaworthyWorker> {
  let loaded = 0;
  const came = (bytes: number): void => progress(Math.min(1, (loaded += bytes) / LOADED_BYTES));
  const [engine, bundle, code] = await Promise.all([engineUrl, bundleUrl, scriptUrl].map((url) => fetched(url, came)));
  const address = URL.createObjectURL(new Blob(code ? [code] : [], { type: "text/javascript" }));
  const script = trusted?.createScriptURL(address) ?? address;
  return SeaworthyWorker.start({ engine, bundle, worker: () => new Worker(script, { type: "module" }) });
}

async function fetched(url: string, came: (bytes: number) => void): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${new URL(response.url).pathname}: ${response.status} ${response.statusText}`);
  if (!response.body) return response.arrayBuffer();
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      came(chunk.length);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counting)).arrayBuffer();
}
