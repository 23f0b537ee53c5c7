/**
 * The switch that keeps the text over a reload, and what there is to know about it: a Secret among the files is kept too.
 */
import type { Keeper } from "../actions/keep";
import { h } from "../dom";
import { isSecret } from "../model";
import type { Workspace } from "../workspace";

export function keepSwitch(workspace: Workspace, keeper: Keeper): HTMLElement {
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    onchange: () => keeper.turn(input.checked),
  });
  const note = h("span", { class: "keep-note", role: "status" });
  const show = (): void => {
    input.checked = keeper.isOn;
    const text = noteOf(workspace, keeper);
    // The same words again would be read aloud again.
    if (note.textContent !== text) note.textContent = text;
  };
  keeper.onChange(show);
  show();
  return h(
    "div",
    { class: "keep" },
    h(
      "label",
      { title: "This tab keeps the files until it is closed. Nothing is sent anywhere." },
      input,
      h("span", null, "Keep", h("span", { class: "keep-more" }, " on reload")),
    ),
    note,
  );
}

function noteOf(workspace: Workspace, keeper: Keeper): string {
  if (!keeper.isOn || workspace.isEmpty) return "";
  if (!keeper.isKept) return "These files are too large to keep: a reload loses them.";
  const secret = workspace.sources.find(({ text }) => isSecret(text));
  return secret ? `${secret.name} holds a Secret: this tab stores it until you close it.` : "";
}
