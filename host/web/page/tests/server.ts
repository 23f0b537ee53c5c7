/**
 * Serves the built site on loopback as a plain static host does, and remembers what it was asked for.
 */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, resolve } from "node:path";
import { gzipSync } from "node:zlib";

const target = process.env["CARGO_TARGET_DIR"] ?? resolve(import.meta.dirname, "../../../../target");
export const SITE = resolve(target, "web/site");

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export class StaticServer {
  readonly requests: string[] = [];
  /** Bytes sent for bodies. */
  sent = 0;
  #server: Server;
  #packed = new Map<string, Buffer>();
  #held: { part: string; released: Promise<void> } | undefined;

  /** `missing`: paths that contain it answer 404, to see what the page makes of it. */
  constructor(readonly options: { missing?: string } = {}) {
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      this.requests.push(path);
      void this.#file(path).then(
        (body) => {
          this.sent += body.length;
          const type = TYPES[extname(path) || ".html"] ?? "application/octet-stream";
          response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(body);
        },
        () => response.writeHead(404).end(),
      );
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((ready) => this.#server.listen(0, "127.0.0.1", ready));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Answers paths that contain `part` only after the function that it returns was called. */
  hold(part: string): () => void {
    let release = (): void => undefined;
    this.#held = { part, released: new Promise((resolve) => (release = resolve)) };
    return () => release();
  }

  /** Bytes of the files that were sent whose paths contain one and end with the other. */
  sizes(part: string, end: string): number {
    const sent = [...this.#packed].filter(([name]) => name.includes(part) && name.endsWith(end));
    return sent.reduce((sum, [, body]) => sum + body.length, 0);
  }

  async #file(path: string): Promise<Buffer> {
    const { missing } = this.options;
    if (missing !== undefined && path.includes(missing)) throw new Error("missing");
    if (this.#held && path.includes(this.#held.part)) await this.#held.released;
    const name = normalize(path.endsWith("/") ? `${path}index.html` : path);
    let packed = this.#packed.get(name);
    if (!packed) {
      packed = gzipSync(await readFile(join(SITE, name)));
      this.#packed.set(name, packed);
    }
    return packed;
  }
}
