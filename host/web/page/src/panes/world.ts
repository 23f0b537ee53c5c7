/**
 * Whether the input is complete. In a complete input an object that is not here is missing; otherwise it may be elsewhere.
 */
import { h, icon } from "../dom";
import type { World } from "../model";
import type { Workspace } from "../workspace";

const CHOICES: World[] = ["partial", "complete"];

export function worldSwitch(workspace: Workspace): HTMLElement {
  const inputs = CHOICES.map((world) => {
    const input = h("input", { type: "radio", name: "world", value: world, onchange: () => workspace.takeFor(world) });
    return { world, input, element: h("label", null, input, h("span", null, world)) };
  });
  const show = (): void => inputs.forEach(({ world, input }) => (input.checked = world === workspace.world));
  workspace.onChange((change) => change === "options" && show());
  show();
  const help = h(
    "div",
    { class: "help-card", id: "world-help", popover: "auto", role: "note" },
    h(
      "p",
      null,
      h("b", null, "Partial: "),
      "other objects may exist elsewhere. A rule that does not find one here, such as a PodDisruptionBudget, answers ",
      h("i", null, "unknown"),
      ".",
    ),
    h(
      "p",
      null,
      h("b", null, "Complete: "),
      "an object that is not here is missing. Choose this for all manifests of a service, or for the output of ",
      h("code", null, "kustomize build"),
      " or ",
      h("code", null, "helm template"),
      ".",
    ),
  );
  const opener = h(
    "button",
    {
      type: "button",
      class: "mini",
      popovertarget: "world-help",
      "aria-label": "What partial and complete mean",
      title: "What this means",
    },
    icon("info"),
  );
  help.addEventListener("toggle", () => {
    const anchor = opener.getBoundingClientRect();
    help.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - help.offsetWidth - 8))}px`;
    help.style.top = `${Math.max(8, anchor.top - help.offsetHeight - 8)}px`;
  });
  return h(
    "fieldset",
    { class: "world" },
    h("legend", { class: "unseen" }, "Input"),
    h("span", { "aria-hidden": "true" }, "Input:"),
    h("span", { class: "segments" }, ...inputs.map(({ element }) => element)),
    opener,
    help,
  );
}
