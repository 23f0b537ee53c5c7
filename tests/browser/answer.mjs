/**
 * Answers questions with the npm package, in Node or in Chromium, where a Worker judges: reads
 * `{policies: [{name, wasm}], questions: [{files, options}], deadline}` from standard input, `wasm` in Base64,
 * and prints `{policies: [...], answers: [...]}`: what is refused as `{error}`, a report as text.
 *
 * usage: node answer.mjs node|chromium
 */
import { readFileSync } from "node:fs";
import { inPage } from "../../host/web/chromium.mjs";

/** The same in Node and in a page, which gets it as text. */
async function answer({ Seaworthy, SeaworthyWorker }, { policies = [], questions, deadline }) {
  const seaworthy = await (typeof document === "undefined" ? Seaworthy.load() : SeaworthyWorker.start({ deadline }));
  const attempt = async (call) => {
    try {
      return await call();
    } catch (cause) {
      return { error: cause.message };
    }
  };
  const answers = { policies: [], answers: [] };
  for (const { name, wasm } of policies) {
    const bytes = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
    answers.policies.push(await attempt(() => seaworthy.addPolicy(name, bytes)));
  }
  for (const { files, options } of questions) {
    answers.answers.push(await attempt(() => seaworthy.checkJson(files, options)));
  }
  return answers;
}

const asked = JSON.parse(readFileSync(0, "utf8"));
const answers = process.argv[2] === "chromium"
  ? await inPage(answer, asked)
  : await answer(await import("../../host/web/library/dist/index.js"), asked);
console.log(JSON.stringify(answers));
