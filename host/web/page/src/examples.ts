/**
 * The example shop of the repository, embedded when the page is built: a good service and a bad one.
 */
import type { Snapshot } from "./workspace";

const texts = import.meta.glob<string>("../../../../examples/shop/**/*.yaml", {
  query: "?raw",
  import: "default",
  eager: true,
});

function files(part: string): Snapshot["files"] {
  return Object.entries(texts)
    .map(([path, text]) => ({ name: path.replace(/^.*examples\//, ""), text }))
    .filter(({ name }) => name.startsWith(part))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const good = (): Snapshot => ({ files: files("shop/catalog/"), world: "complete" });
export const bad = (): Snapshot => ({ files: files("shop/storefront"), world: "complete" });
