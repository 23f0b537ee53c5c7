/**
 * Builds `dist`: types from the JSON Schemas of the documentation, JavaScript from `src`, and beside it what cargo made:
 * the engine with its JavaScript, and the bundle of rules. `make web` calls it with those in the folder named first.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { compileFromFile } from "json-schema-to-typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
const docs = fileURLToPath(new URL("../../../docs/", import.meta.url));
const built = process.argv[2];
if (!built) {
  console.error("usage: node build.mjs FOLDER: the one with engine/ and policies.bundle, as `make web` makes it");
  process.exit(2);
}
process.chdir(here);

rmSync("dist", { recursive: true, force: true });
rmSync("src/generated", { recursive: true, force: true });
mkdirSync("src/generated", { recursive: true });
for (const shape of ["report", "readiness", "rules"]) {
  // Readers must allow for more fields than there are.
  const types = await compileFromFile(`${docs}${shape}.schema.json`, { additionalProperties: false, bannerComment: "" });
  writeFileSync(`src/generated/${shape}.ts`, types);
}
// The sources name it where it will be.
rmSync("src/engine", { recursive: true, force: true });
cpSync(`${built}/engine`, "src/engine", { recursive: true });
execFileSync("npx", ["--no-install", "tsc", "--project", "tsconfig.json"], { stdio: "inherit" });
cpSync(`${built}/engine`, "dist/engine", { recursive: true });
// What a registry shows, with links that hold there.
const repository = "https://github.com/seaworthy-policies/seaworthy/blob/main/docs/";
const readme = readFileSync(`${docs}library.md`, "utf8").replaceAll(/\]\((\w[\w.]*\.json)\)/g, `](${repository}$1)`);
writeFileSync("README.md", readme.replace("# The library", "# seaworthy"));
writeFileSync("dist/policies.bundle", gzipSync(readFileSync(`${built}/policies.bundle`), { level: 9 }));
