/**
 * A link that carries the whole workspace in its fragment, which browsers send to nobody.
 *
 * The fragment is `#s=` and the workspace's JSON, deflated, in URL-safe base64. A link may come from a stranger: what it says
 * is checked for shape and size before it is used.
 */
import type { SourceFile, World } from "../model";
import type { Snapshot } from "../workspace";

const PREFIX = "#s=";
const MAX_BYTES = 8 << 20;

export async function toFragment(snapshot: Snapshot): Promise<string> {
  const json = JSON.stringify(written(snapshot));
  const bytes = new Uint8Array(
    await new Response(through(new Blob([json]), new CompressionStream("deflate-raw"))).arrayBuffer(),
  );
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return PREFIX + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** A workspace as it is written down. */
export function written({ files, world, off = [], settings = {} }: Snapshot): Record<string, unknown> {
  return {
    files: files.map(({ name, text }) => [name, text]),
    world,
    ...(off.length > 0 && { off }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
}

/** The workspace of a fragment; `undefined` where it has none. Throws where it is damaged. */
export async function fromFragment(fragment: string): Promise<Snapshot | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined;
  try {
    const binary = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return snapshotOf(JSON.parse(await inflated(bytes)));
  } catch {
    throw new Error("This link is damaged: it may have been cut off on its way.");
  }
}

function through(blob: Blob, stream: CompressionStream | DecompressionStream): ReadableStream<Uint8Array> {
  return blob.stream().pipeThrough(stream as ReadableWritablePair<Uint8Array, Uint8Array>);
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = through(new Blob([bytes]), new DecompressionStream("deflate-raw")).getReader();
  let text = "";
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MAX_BYTES) throw new Error("too large");
    text += decoder.decode(value, { stream: true });
  }
}

/** What was written down, if it is of that shape; throws otherwise. */
export function snapshotOf(value: unknown): Snapshot {
  const { files, world, off = [], settings = {} } = value as Record<string, unknown>;
  if (!Array.isArray(files) || !Array.isArray(off) || typeof settings !== "object" || settings === null) {
    throw new Error("not a workspace");
  }
  const named = new Map<string, SourceFile>();
  for (const [name, text] of files as [unknown, unknown][]) {
    if (typeof name !== "string" || typeof text !== "string") throw new Error("not a file");
    named.set(name, { name, text });
  }
  return {
    files: [...named.values()],
    world: (world === "complete" ? "complete" : "partial") satisfies World,
    off: off.filter((rule) => typeof rule === "string"),
    settings: settings as Record<string, unknown>,
  };
}
