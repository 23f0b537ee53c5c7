/** The engine in this very thread: for Node and for Workers. */
import { edited, initSync, Session } from "./engine/engine.js";
import { bytesOf, moduleOf, type Source } from "./files.js";
import { assertIntact, EngineLost, lose } from "./sandbox.js";
import type { CheckOptions, Edit, ObjectPlace, PolicyInfo, Readiness, Report, RuleMetadata, SourceFile } from "./types.js";

/** Where the engine and the rules are; without, beside this file. */
export interface LoadOptions {
  /** The engine's module (`engine_bg.wasm`), compiled or not. */
  engine?: Source | WebAssembly.Module;
  /** The rules (`policies.bundle`). */
  bundle?: Source;
}

/** What loading takes, fetched and compiled: it may be used any number of times, and sent to Workers. */
export async function fetched(options: LoadOptions): Promise<{ engine: WebAssembly.Module; bundle: Uint8Array<ArrayBuffer> }> {
  const [engine, bundle] = await Promise.all([
    moduleOf(options.engine ?? new URL("./engine/engine_bg.wasm", import.meta.url)),
    bytesOf(options.bundle ?? new URL("./policies.bundle", import.meta.url)),
  ]);
  return { engine, bundle };
}

export class Seaworthy {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Loads the engine and compiles the rules. */
  static async load(options: LoadOptions = {}): Promise<Seaworthy> {
    const { engine, bundle } = await fetched(options);
    initSync({ module: engine });
    return new Seaworthy(intact(() => new Session(bundle)));
  }

  /** The metadata of all rules and policies, in the order of the checklist. */
  rules(): RuleMetadata[] {
    return JSON.parse(intact(() => this.#session.rules()));
  }

  /** Checks files: findings, errors and skipped documents. Throws if options, settings or a configuration are invalid. */
  check(files: readonly SourceFile[], options?: CheckOptions): Report {
    return JSON.parse(this.checkJson(files, options));
  }

  /** The report as text, byte for byte what `seaworthy check --format json` prints. */
  checkJson(files: readonly SourceFile[], options?: CheckOptions): string {
    return intact(() => this.#session.check(flat(files), asked(options)));
  }

  /** The readiness checklist of each service. */
  readiness(files: readonly SourceFile[], options?: CheckOptions): Readiness {
    return JSON.parse(intact(() => this.#session.readiness(flat(files), asked(options))));
  }

  /** The report as SARIF 2.1.0. */
  sarif(files: readonly SourceFile[], options?: CheckOptions): string {
    return intact(() => this.#session.sarif(flat(files), asked(options)));
  }

  /** The readiness checklist as Markdown, to paste in a pull request. */
  markdown(files: readonly SourceFile[], options?: CheckOptions): string {
    return intact(() => this.#session.markdown(flat(files), asked(options)));
  }

  /**
   * The text of a file with the edit of a finding made in one of its objects: comments and layout stay. Throws where the
   * object is not there any more, or another one stands in its place, or where nothing but a person can write it.
   */
  edited(file: SourceFile, object: ObjectPlace, edit: Edit): string {
    const { document, path, kind, name, namespace } = object;
    const at = JSON.stringify({ document, path, kind, name, namespace });
    return intact(() => edited(file.name, file.text, at, JSON.stringify(edit)));
  }

  /**
   * Adds a Kubewarden policy to the checks, under a name in kebab-case. The policy validates its settings first. Throws if its
   * module or its settings are refused.
   */
  addPolicy(name: string, wasm: BufferSource, settings?: unknown): PolicyInfo {
    const given = settings === undefined ? undefined : JSON.stringify(settings);
    return JSON.parse(intact(() => this.#session.addPolicy(name, view(wasm), given)));
  }

  /** Forgets a policy that was added. */
  removePolicy(name: string): void {
    intact(() => this.#session.removePolicy(name));
  }

  /**
   * Stops running a rule or policy. Its verdict is `error` from then on: stopped after that many milliseconds, or, without
   * them, because it interrupted the engine. For code that watches over rules, as `SeaworthyWorker` does.
   */
  stop(name: string, milliseconds?: number): void {
    intact(() => this.#session.stop(name, milliseconds));
  }
}

/**
 * Calls into the engine. It throws errors of its own; anything else (a stack that overflows, memory that ends) leaves it
 * halfway through something, and then it answers nothing more rather than something wrong.
 */
function intact<T>(call: () => T): T {
  assertIntact();
  try {
    return call();
  } catch (cause) {
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError || cause instanceof EngineLost) {
      throw lose(cause);
    }
    throw cause;
  } finally {
    assertIntact();
  }
}

function flat(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ name, text }) => [name, text]);
}

function asked(options: CheckOptions = {}): string {
  return JSON.stringify({ ...options, today: options.today ?? new Date().toISOString().slice(0, 10) });
}

function view(bytes: BufferSource): Uint8Array {
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}
