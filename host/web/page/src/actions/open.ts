/**
 * Files from the reader's disk: chosen or dropped, one by one or by the folder. Nothing is uploaded: the page reads them.
 */
import { complain, h, toast } from "../dom";
import { said } from "../judge";
import { counted, type SourceFile } from "../model";

export interface Opened {
  manifests: SourceFile[];
  policies: { name: string; wasm: ArrayBuffer }[];
  /** Whether they came as a folder, which counts as complete. */
  folder: boolean;
}

const MANIFEST = /\.(ya?ml|json)$|(^|\/)Kustomization$/;
const MAX_FILES = 500;
const MAX_BYTES = 8 << 20;

interface Found {
  path: string;
  file: File;
}

/** Opens the browser's dialogue. */
export function choose(options: { folder?: boolean; accept?: string }, opened: (opened: Opened) => void): void {
  const input = h("input", { type: "file", multiple: true, accept: options.accept, webkitdirectory: options.folder });
  input.addEventListener("change", () => {
    const found = [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    void read(found, options.folder ?? false).then(opened, (error: unknown) => complain(said(error)));
  });
  input.click();
}

/** Takes what is dropped anywhere on the page, and shows that it would. */
export function onDrop(opened: (opened: Opened) => void): void {
  const veil = h("div", { class: "veil", hidden: true }, h("p", null, "Drop manifests, a folder, or a .wasm policy"));
  document.body.append(veil);
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  // In the capture phase: the editor would take the file for text.
  addEventListener(
    "drop",
    (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      veil.hidden = true;
      void dropped(event.dataTransfer).then(opened, (error: unknown) => complain(said(error)));
    },
    { capture: true },
  );
}

async function dropped(transfer: DataTransfer | null): Promise<Opened> {
  const items = [...(transfer?.items ?? [])];
  // The entries must be taken before anything is awaited: afterwards the browser forgets them.
  const entries = items.map((item) => item.webkitGetAsEntry());
  const loose = items.map((item) => item.getAsFile());
  const found: Found[] = [];
  for (const [index, entry] of entries.entries()) {
    const file = loose[index];
    if (entry) await walk(entry, found);
    else if (file) found.push({ path: file.name, file });
  }
  return read(
    found,
    entries.some((entry) => entry?.isDirectory),
  );
}

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  if (found.length > MAX_FILES) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  if (/^(\.|node_modules$)/.test(entry.name)) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const child of some) await walk(child, found);
  }
}

async function read(found: Found[], folder: boolean): Promise<Opened> {
  const opened: Opened = { manifests: [], policies: [], folder };
  const hidden = /(^|\/)\.[^/]|(^|\/)node_modules\//;
  // In a folder only manifests are meant; a file that somebody chose is meant whatever its name.
  const meant = found.filter(({ path }) => !folder || (!hidden.test(path) && MANIFEST.test(path)));
  const tooMany = meant.length > MAX_FILES;
  let size = 0;
  for (const { path, file } of meant.slice(0, MAX_FILES).sort((a, b) => (a.path < b.path ? -1 : 1))) {
    size += file.size;
    if (path.endsWith(".wasm")) {
      opened.policies.push({ name: policyName(path), wasm: await file.arrayBuffer() });
    } else if (size > MAX_BYTES) {
      throw new Error(
        `These are more than ${MAX_BYTES >> 20} MiB of manifests: too many for a page. The command line takes them.`,
      );
    } else {
      opened.manifests.push({ name: path, text: await file.text() });
    }
  }
  if (tooMany)
    toast(`The first ${MAX_FILES} of ${counted(meant.length, "manifest")} are open; the command line takes them all`);
  else if (meant.length === 0)
    toast(folder ? "There is no .yaml, .yml or .json in this folder" : "There is nothing to open");
  return opened;
}

/** Rules are named in kebab-case, by their file. */
function policyName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.wasm$/, "");
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "policy"
  );
}
