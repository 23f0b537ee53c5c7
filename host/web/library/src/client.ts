/** The engine in a Worker, for a page: nothing here blocks, and no rule that hangs goes on for ever. */
import { fetched, type LoadOptions } from "./seaworthy.js";
import type { CheckOptions, Edit, ObjectPlace, PolicyInfo, Readiness, Report, RuleMetadata, SourceFile } from "./types.js";
import type { Message, Method, Request } from "./worker.js";

export interface WorkerOptions extends LoadOptions {
  /** How long a rule may take for one object, in milliseconds; 1000. */
  deadline?: number;
  /** The Worker's script (`worker.js`), or what starts it; without, the one beside this file. */
  worker?: URL | (() => Worker);
}

/** A newer call of the same kind came before this one was begun. */
export class SupersededError extends Error {
  override readonly name = "SupersededError";
}

/** What is done each time it is asked, one after the other. */
const IN_ORDER: ReadonlySet<Method> = new Set<Method>(["addPolicy", "removePolicy", "edited"]);

/** What a rule is said to have done when it is not run any more. */
type Stop = [name: string, milliseconds: number | undefined];

interface Call {
  method: Method;
  parameters: unknown[];
  isWatched: boolean;
  resolve(value: never): void;
  reject(cause: Error): void;
}

export class SeaworthyWorker {
  /** Fetched and compiled once: a Worker that takes another's place makes no request. */
  readonly #parts: LoadOptions;
  readonly #deadline: number;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #policies = new Map<string, unknown[]>();
  #stopped = new Map<string, number | undefined>();
  #running: Call | undefined;
  #waiting: Call[] = [];
  #answers = new Map<number, (message: Message) => void>();
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #evaluating: string | undefined;

  private constructor({ deadline = 1_000, worker }: WorkerOptions, parts: LoadOptions) {
    this.#parts = parts;
    this.#deadline = deadline;
    this.#start = typeof worker === "function"
      ? worker
      : worker
        ? () => new Worker(worker, { type: "module" })
        : () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  }

  /** Starts a Worker and loads engine and rules in it. */
  static async start(options: WorkerOptions = {}): Promise<SeaworthyWorker> {
    const client = new SeaworthyWorker(options, await fetched(options));
    await client.#spawn();
    return client;
  }

  rules(): Promise<RuleMetadata[]> {
    return this.#call("rules");
  }

  /**
   * Judges files. A newer call supersedes those of the same method that have not begun: they reject with
   * `SupersededError`. A rule that hangs gets the verdict `error`, and is not run again until its policy is added anew.
   */
  check(files: readonly SourceFile[], options?: CheckOptions): Promise<Report> {
    return this.#call("check", files, options);
  }

  checkJson(files: readonly SourceFile[], options?: CheckOptions): Promise<string> {
    return this.#call("checkJson", files, options);
  }

  readiness(files: readonly SourceFile[], options?: CheckOptions): Promise<Readiness> {
    return this.#call("readiness", files, options);
  }

  sarif(files: readonly SourceFile[], options?: CheckOptions): Promise<string> {
    return this.#call("sarif", files, options);
  }

  markdown(files: readonly SourceFile[], options?: CheckOptions): Promise<string> {
    return this.#call("markdown", files, options);
  }

  edited(file: SourceFile, object: ObjectPlace, edit: Edit): Promise<string> {
    return this.#call("edited", file, object, edit);
  }

  async addPolicy(name: string, wasm: BufferSource, settings?: unknown): Promise<PolicyInfo> {
    const info = await this.#call<PolicyInfo>("addPolicy", name, wasm, settings);
    // A Worker that starts in place of this one gets it too.
    this.#policies.set(name, [name, wasm, settings]);
    return info;
  }

  async removePolicy(name: string): Promise<void> {
    this.#policies.delete(name);
    this.#stopped.delete(name);
    await this.#call("removePolicy", name);
  }

  /** Ends the Worker. What is still asked rejects. */
  dispose(): void {
    this.#end();
    const calls = [this.#running, ...this.#waiting];
    this.#running = undefined;
    this.#waiting = [];
    for (const call of calls) call?.reject(new Error("the Worker was ended"));
  }

  #call<T>(method: Method, ...parameters: unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // Policies come and go in order, and each edit is wanted; of two questions only the newer one matters.
      const isOlder = (call: Call) => !IN_ORDER.has(method) && call.method === method;
      for (const call of this.#waiting.filter(isOlder)) call.reject(new SupersededError(`a newer ${method} came`));
      this.#waiting = this.#waiting.filter((call) => !isOlder(call));
      this.#waiting.push({ method, parameters, isWatched: false, resolve, reject });
      this.#proceed();
    });
  }

  /** Begins the next call, if none runs. */
  #proceed(): void {
    if (this.#running) return;
    this.#running = this.#waiting.shift();
    if (this.#running) void this.#run(this.#running);
  }

  async #run(call: Call): Promise<void> {
    try {
      if (!this.#worker) await this.#spawn();
      this.#evaluating = undefined;
      this.#alive();
      const { method, parameters, isWatched } = call;
      const message = await this.#ask({ method, parameters, isWatched });
      clearTimeout(this.#timer);
      if (this.#running !== call) return;
      if (message.type === "failure" && message.isLost) return this.#interrupted(call, undefined);
      if (message.type === "failure") call.reject(new Error(message.message));
      if (message.type === "answer") call.resolve(message.value as never);
    } catch (cause) {
      call.reject(cause instanceof Error ? cause : new Error(String(cause)));
    }
    this.#running = undefined;
    this.#proceed();
  }

  /** The Worker is ended, and the call is asked of another: first to see which rule it is, then without that. */
  #interrupted(call: Call, milliseconds: number | undefined): void {
    this.#end();
    const rule = this.#evaluating;
    const why = milliseconds === undefined ? "the engine was interrupted" : `no answer after ${milliseconds} ms`;
    if (call.method === "addPolicy" || (call.isWatched && rule === undefined)) {
      this.#running = undefined;
      call.reject(new Error(rule === undefined ? why : `${rule}: ${why}`));
      return this.#proceed();
    }
    if (call.isWatched && rule !== undefined) this.#stopped.set(rule, milliseconds);
    call.isWatched = true;
    void this.#run(call);
  }

  /** A new Worker that knows all that the last one did. */
  async #spawn(): Promise<void> {
    const worker = this.#start();
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Message>) => this.#heard(data);
    const failed = new Promise<never>((_, reject) => {
      worker.onerror = (event) => reject(new Error(event.message || "the Worker could not be started"));
    });
    const requests: Omit<Request, "id">[] = [{ method: "load", parameters: [this.#parts] }];
    for (const parameters of this.#policies.values()) requests.push({ method: "addPolicy", parameters });
    for (const stop of this.#stopped satisfies Iterable<Stop>) requests.push({ method: "stop", parameters: stop });
    const answers = await Promise.race([failed, Promise.all(requests.map((request) => this.#ask(request)))]);
    for (const message of answers) {
      if (message.type === "failure") {
        this.#end();
        throw new Error(message.message);
      }
    }
  }

  #ask(request: Omit<Request, "id">): Promise<Message> {
    return new Promise((resolve) => {
      const id = this.#next++;
      this.#answers.set(id, resolve);
      this.#worker?.postMessage({ ...request, id });
    });
  }

  #heard(message: Message): void {
    if (message.type === "answer" || message.type === "failure") {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
      return;
    }
    if (message.type === "evaluating") this.#evaluating = message.rule;
    this.#alive();
  }

  /** Waits once more for as long as a rule may take. */
  #alive(): void {
    clearTimeout(this.#timer);
    const call = this.#running;
    if (call) this.#timer = setTimeout(() => this.#interrupted(call, this.#deadline), this.#deadline);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#answers.clear();
  }
}
