/**
 * A guest's memory, made once and zeroed for each evaluation. Browsers reserve gigabytes of addresses for every memory and
 * give them back when they collect garbage: without this, judging takes 1.3 times as long in Chromium, and twice in Node.
 *
 * An instance stays what it was, new for each evaluation: its globals, its tables and its data are set up anew. The memory
 * is as if new: zero, and of the size that the module asks for, since one that has grown is not used again.
 */

/** How large a memory is at first and at most, in pages of 64 KiB. */
export interface Pages {
  readonly initial: number;
  readonly maximum: number;
}

/** Where a module that was `hollowed` imports its memory from: no policy may import from a module of this name itself. */
export const MODULE = "memory";
const FIELD = "memory";

const PAGE_BYTES = 64 << 10;
const [IMPORTS, MEMORIES] = [2, 5];

/**
 * The module with its memory imported rather than defined. The engine has looked it through: there is one memory, with both
 * limits. A module without imports answers nothing, and stays as it is.
 */
export function hollowed(wasm: Uint8Array<ArrayBuffer>): { wasm: Uint8Array<ArrayBuffer>; pages: Pages | undefined } {
  const sections = [...sectionsOf(wasm)];
  const imports = sections.find(({ id }) => id === IMPORTS)?.body;
  const memories = sections.find(({ id }) => id === MEMORIES)?.body;
  if (!imports || !memories) return { wasm, pages: undefined };
  // One memory, with a maximum; then its limits.
  const limits = new Reader(memories, 2);
  const pages = { initial: limits.number(), maximum: limits.number() };
  const others = new Reader(imports);
  const count = others.number();
  const name = [...encoder.encode(MODULE)];
  const field = [...encoder.encode(FIELD)];
  const memory = [name.length, ...name, field.length, ...field, 2, ...memories.subarray(1)];
  const withMemory = Uint8Array.from([...numbered(count + 1), ...imports.subarray(others.at), ...memory]);
  const parts: Uint8Array[] = [wasm.subarray(0, 8)];
  for (const { id, body } of sections) {
    if (id === MEMORIES) continue;
    const content = id === IMPORTS ? withMemory : body;
    parts.push(Uint8Array.from([id, ...numbered(content.length)]), content);
  }
  return { wasm: joined(parts), pages };
}

/** Memories that nobody uses at the moment. */
export class Memories {
  #free = new Map<string, WebAssembly.Memory>();

  /** One that is zero, and nobody else's until it is given back. */
  take(pages: Pages): WebAssembly.Memory {
    const key = keyOf(pages);
    const memory = this.#free.get(key);
    this.#free.delete(key);
    if (!memory) return new WebAssembly.Memory(pages);
    new Uint8Array(memory.buffer).fill(0);
    return memory;
  }

  /** After an evaluation, however that ended. */
  giveBack(pages: Pages, memory: WebAssembly.Memory): void {
    if (memory.buffer.byteLength === pages.initial * PAGE_BYTES) this.#free.set(keyOf(pages), memory);
  }
}

function keyOf({ initial, maximum }: Pages): string {
  return `${initial} ${maximum}`;
}

function* sectionsOf(wasm: Uint8Array<ArrayBuffer>): Generator<{ id: number; body: Uint8Array }> {
  const reader = new Reader(wasm, 8);
  while (reader.at < wasm.length) {
    const id = wasm[reader.at++] ?? 0;
    const size = reader.number();
    yield { id, body: wasm.subarray(reader.at, reader.at + size) };
    reader.at += size;
  }
}

/** Reads numbers as modules have them (LEB128). */
class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
}

function numbered(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...numbered(value >>> 7)];
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const encoder = new TextEncoder();
