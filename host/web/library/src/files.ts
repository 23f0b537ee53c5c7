/** Gets the package's own files, in Node and in a browser. */

/** Bytes, where they are, or the answer of a server that brings them. */
export type Source = BufferSource | URL | Promise<Response>;

/** The engine, compiled while it arrives where that can be. */
export async function moduleOf(source: Source | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  const response = await responseOf(source);
  // Streaming wants the right content type, which not every static host sends.
  return response?.headers.get("content-type") === "application/wasm"
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await bytesOf(response ? Promise.resolve(response) : source));
}

/** The bytes, unpacked if they come by gzip. */
export async function bytesOf(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  const response = await responseOf(source);
  const bytes = response ? new Uint8Array(await response.arrayBuffer()) : await localBytes(source as BufferSource | URL);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

async function responseOf(source: Source): Promise<Response | undefined> {
  const isRemote = source instanceof URL && source.protocol !== "file:";
  const response = isRemote ? await fetch(source) : source instanceof Promise ? await source : undefined;
  if (response && !response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  return response;
}

/** A file of Node's, or what is here already. */
async function localBytes(source: BufferSource | URL): Promise<Uint8Array<ArrayBuffer>> {
  if (!(source instanceof URL)) {
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(source) ? source : new Uint8Array(source);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  }
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): FileSystem | undefined } }).process;
  const files = node?.getBuiltinModule?.("node:fs/promises");
  if (!files) throw new Error(`${source.href} cannot be read here`);
  return files.readFile(source);
}

interface FileSystem {
  readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}
