import { statSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const target = process.env["CARGO_TARGET_DIR"] ?? resolve(import.meta.dirname, "../../../target");

const dist = resolve(import.meta.dirname, "../library/dist");
const loaded = ["engine/engine_bg.wasm", "policies.bundle"].map((file) => statSync(resolve(dist, file)).size);

export default defineConfig({
  // Relative addresses: the site may be served from any path.
  base: "./",
  // What the progress bar counts to.
  define: { LOADED_BYTES: loaded.reduce((sum, size) => sum + size, 0) },
  build: {
    outDir: resolve(target, "web/site"),
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the content security policy allows no data: scripts or connections.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  // The examples stand at the root of the repository.
  server: { fs: { allow: [resolve(import.meta.dirname, "../../..")] } },
});
