/**
 * What stands over the editor while there is nothing in it. Typing and pasting go to the editor below.
 */
import { h, icon, mark, type IconName } from "../dom";

export interface Actions {
  good: () => void;
  bad: () => void;
  openFiles: () => void;
  openFolder: () => void;
  focusEditor: () => void;
}

export function welcome(actions: Actions): HTMLElement {
  // A click beside the buttons is meant for what lies below.
  const through = ({ target }: MouseEvent): void => {
    if (!(target instanceof Element && target.closest("button"))) actions.focusEditor();
  };
  return h(
    "div",
    { class: "welcome", onclick: through },
    h("div", { class: "waterline" }, mark()),
    h("h2", null, "Is your service ready for production?"),
    h(
      "p",
      null,
      "Paste your Kubernetes manifests, or drop files or a folder here. You see as you type what is wrong, where, and how to fix it.",
    ),
    h(
      "div",
      { class: "starts" },
      start("close", "A bad example", "A storefront with many findings", actions.bad, "bad"),
      start("check", "A good example", "A catalog that passes every check", actions.good, "good"),
      start("examples", "Open files", "Manifests from your disk", actions.openFiles),
      start("folder", "Open a folder", "All manifests of a service", actions.openFolder),
    ),
    h("p", { class: "promise" }, "Nothing leaves this page: the rules are WebAssembly, and run in your browser."),
  );
}

function start(name: IconName, title: string, text: string, run: () => void, kind = ""): HTMLElement {
  return h(
    "button",
    { type: "button", class: `start ${kind}`, onclick: run },
    h("span", { class: "start-icon" }, icon(name)),
    h("span", null, h("b", null, title), h("small", null, text)),
  );
}
