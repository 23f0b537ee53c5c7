/**
 * Runs a guest: a fresh instance for each evaluation, waPC's imports, bounded replies. The engine calls `compile` and
 * `evaluate`; it has looked the module through before, and lowered how far its memory may grow.
 *
 * The guest may be hostile. Every pointer and length comes from it and may be any number: memory is reached through
 * `Guest.bytes` alone, and what does not lie in it is a trap. Whatever is thrown here ends the evaluation and nothing
 * else.
 */
import { hollowed, Memories, MODULE, type Pages } from "./memory.js";
import { type Environment, Exit, wasi } from "./wasi.js";

/** Bytes of an answer; the engine's `runtime.rs` has the same. */
const REPLY_BYTES = 1 << 20;

/** Bytes of an error message that are kept. */
const MESSAGE_BYTES = 4 << 10;

/** Bytes of log that are kept of an evaluation; the rest is dropped without a word. */
const LOG_BYTES = 64 << 10;

/** Bytes to which the engine lets a guest's memory grow. */
const MEMORY_BYTES = 64 << 20;

/** A compiled module. */
export interface Module {
  readonly name: string;
  readonly compiled: WebAssembly.Module;
  /** `_initialize`, `_start` and `wapc_init`, as far as they are there. */
  readonly starts: readonly string[];
  readonly usesWasi: boolean;
  /** The memory that it imports from us, if it does. */
  readonly pages: Pages | undefined;
}

/** Answers a look-up: with bytes, or with why it is refused. */
export type LookUp = (binding: string, namespace: string, operation: string, payload: Uint8Array) => Uint8Array | string;

/** Why an evaluation gave no answer. */
export class Failure extends Error {
  /** What the guest had written for people to read. */
  log = "";

  constructor(
    readonly kind: "trap" | "guest" | "noReply" | "tooLarge" | "memory",
    message: string,
    readonly size = 0,
  ) {
    super(message);
  }
}

/** The engine itself was interrupted while it answered a guest: what it knows can no longer be trusted. */
export class EngineLost extends Error {}

/** Called with a rule's name before each of its evaluations, where somebody watches; see `worker.ts`. */
let observe: ((name: string) => void) | undefined;

export function observed(by: ((name: string) => void) | undefined): void {
  observe = by;
}

/** Set once the engine was interrupted in the middle of an answer. */
let lost: EngineLost | undefined;

/** Throws if the engine can no longer be trusted. */
export function assertIntact(): void {
  if (lost) throw lost;
}

/** Says that the engine was interrupted, for all later calls too. */
export function lose(cause: unknown): EngineLost {
  lost ??= new EngineLost(`the engine was interrupted and has to be loaded anew: ${text(cause)}`);
  return lost;
}

export function compile(name: string, wasm: Uint8Array<ArrayBuffer>): Module {
  try {
    const { wasm: hollow, pages } = hollowed(wasm);
    const compiled = new WebAssembly.Module(hollow);
    const functions = WebAssembly.Module.exports(compiled).filter(({ kind }) => kind === "function");
    const starts = ["_initialize", "_start", "wapc_init"].filter((start) => functions.some(({ name }) => name === start));
    const usesWasi = WebAssembly.Module.imports(compiled).some(({ module }) => module === WASI);
    return { name, compiled, starts, usesWasi, pages };
  } catch (cause) {
    throw new Failure("trap", text(cause));
  }
}

export function evaluate(module: Module, operation: string, payload: Uint8Array, lookUp: LookUp): Uint8Array {
  observe?.(module.name);
  const { pages } = module;
  const memory = pages && memories.take(pages);
  try {
    return new Guest(operation, payload, lookUp).run(module, memory);
  } finally {
    if (memory) memories.giveBack(pages, memory);
  }
}

type Entry = (...parameters: number[]) => unknown;

class Guest implements Environment {
  #memory: WebAssembly.Memory | undefined;
  #initialBytes = 0;
  #operation: Uint8Array;
  #payload: Uint8Array;
  #reply: Uint8Array | undefined;
  #error: string | undefined;
  #response: Uint8Array = NOTHING;
  #refusal: Uint8Array = NOTHING;
  #lookUp: LookUp;
  #log = "";
  #logRoom = LOG_BYTES;

  constructor(operation: string, payload: Uint8Array, lookUp: LookUp) {
    this.#operation = operation === "validate" ? VALIDATE : encoder.encode(operation);
    this.#payload = payload;
    this.#lookUp = lookUp;
  }

  run(module: Module, memory: WebAssembly.Memory | undefined): Uint8Array {
    try {
      return this.#answer(module, memory);
    } catch (cause) {
      const failure = this.#why(cause);
      if (failure instanceof Failure) failure.log = this.#log;
      throw failure;
    }
  }

  #answer(module: Module, memory: WebAssembly.Memory | undefined): Uint8Array {
    const imports: WebAssembly.Imports = { wapc: this.#imports() };
    if (memory) imports[MODULE] = { memory };
    if (module.usesWasi) imports[WASI] = wasi(this);
    const instance = new WebAssembly.Instance(module.compiled, imports);
    this.#memory = instance.exports["memory"] as WebAssembly.Memory;
    this.#initialBytes = this.#memory.buffer.byteLength;
    for (const start of module.starts) this.#start(instance.exports[start] as Entry);
    const call = instance.exports["__guest_call"] as Entry;
    const returned = call(this.#operation.length, this.#payload.length);
    if (returned === 1 && this.#reply) return this.#reply;
    // As Kubewarden's host has it: an error counts unless the call was a success with a reply.
    if (this.#isFull()) throw this.#full();
    throw this.#error === undefined ? new Failure("noReply", "") : new Failure("guest", this.#error);
  }

  #start(start: Entry): void {
    try {
      start();
    } catch (cause) {
      // How a command ends that has nothing to do: its main function returned.
      if (!(cause instanceof Exit && cause.code === 0)) throw cause;
    }
  }

  #why(cause: unknown): Error {
    if (cause instanceof Failure || cause instanceof EngineLost) return cause;
    // A growth that was denied a guest does not tell: it aborts.
    if (this.#isFull()) return this.#full();
    return new Failure("trap", text(cause));
  }

  /** Whether it grew as far as it may. */
  #isFull(): boolean {
    const bytes = this.#memory?.buffer.byteLength ?? 0;
    return bytes > this.#initialBytes && bytes >= MEMORY_BYTES;
  }

  #full(): Failure {
    return new Failure("memory", "", MEMORY_BYTES);
  }

  /** The part of its memory that the guest names. */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    const start = pointer >>> 0;
    const size = length >>> 0;
    const buffer = this.#memory?.buffer as ArrayBuffer | undefined;
    if (!buffer) throw new Failure("trap", "it asked its host before it had started");
    if (start + size > buffer.byteLength) {
      throw new Failure("trap", `${size} bytes at ${start} do not lie in its memory of ${buffer.byteLength}`);
    }
    return new Uint8Array(buffer, start, size);
  }

  /** Keeps what is written for people, as far as there is room. */
  log(written: Uint8Array): void {
    const kept = written.subarray(0, this.#logRoom);
    this.#logRoom -= kept.length;
    this.#log += decoder.decode(kept);
  }

  #write(pointer: number, bytes: Uint8Array): void {
    this.bytes(pointer, bytes.length).set(bytes);
  }

  #imports(): Record<string, (...parameters: number[]) => unknown> {
    return {
      __guest_request: (operation = 0, payload = 0) => {
        this.#write(operation, this.#operation);
        this.#write(payload, this.#payload);
      },
      __guest_response: (pointer = 0, length = 0) => {
        const reply = this.bytes(pointer, length);
        if (reply.length > REPLY_BYTES) throw new Failure("tooLarge", "", reply.length);
        // Kept as it is now: the guest may change its mind in its own memory.
        this.#reply = reply.slice();
      },
      __guest_error: (pointer = 0, length = 0) => {
        this.#error = decoder.decode(this.bytes(pointer, length).subarray(0, MESSAGE_BYTES));
      },
      __host_call: (...parameters) => this.#hostCall(parameters),
      __host_response_len: () => this.#response.length,
      __host_response: (pointer = 0) => this.#write(pointer, this.#response),
      __host_error_len: () => this.#refusal.length,
      __host_error: (pointer = 0) => this.#write(pointer, this.#refusal),
      __console_log: (pointer = 0, length = 0) => {
        const line = this.bytes(pointer, length);
        this.log(line);
        if (line.at(-1) !== NEWLINE[0]) this.log(NEWLINE);
      },
    };
  }

  /** Asks the engine, which waits for this very guest. 1 says that there is a response, 0 that there is a refusal. */
  #hostCall(parameters: number[]): number {
    const part = (index: number) => this.bytes(parameters[index] ?? 0, parameters[index + 1] ?? 0);
    const [binding, namespace, operation] = [0, 2, 4].map((index) => strict.decode(part(index)));
    const payload = part(6).slice();
    // The answer may move the engine's memory, in which the request still lies.
    this.#payload = this.#payload.slice();
    // A guest that has used up the stack must not make the engine run out of it: see there.
    leaveRoom();
    let answer: Uint8Array | string;
    try {
      answer = this.#lookUp(binding ?? "", namespace ?? "", operation ?? "", payload);
    } catch (cause) {
      throw lose(cause);
    }
    const isRefused = typeof answer === "string";
    this.#response = isRefused ? NOTHING : answer as Uint8Array;
    this.#refusal = isRefused ? encoder.encode(answer as string) : NOTHING;
    return isRefused ? 0 : 1;
  }
}

/**
 * Overflows the stack here, where it is a trap of the guest, if less than 64 KiB of it are left: parameters are what takes
 * room. In the middle of the engine an overflow would unwind it halfway through whatever it does.
 */
function leaveRoom(): void {
  Reflect.apply(nothing, undefined, ROOM);
}

function nothing(): void {}

function text(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

const encoder = new TextEncoder();
const memories = new Memories();
const decoder = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true });
const WASI = "wasi_snapshot_preview1";
const NEWLINE = encoder.encode("\n");
const NOTHING = new Uint8Array();
/** Words of the stack, as parameters. */
const ROOM: readonly number[] = new Array<number>(8 << 10).fill(0);
const VALIDATE = encoder.encode("validate");
