/**
 * A button that opens a short list of things to do. The browser's own popover closes it by Escape or a click elsewhere.
 */
import { h, icon, type IconName } from "../dom";

export interface Entry {
  label: string;
  detail?: string;
  icon?: IconName;
  /** Of a list where one is chosen. */
  chosen?: () => boolean;
  run: () => void;
}

let menus = 0;

export function menu(button: { label: string; icon: IconName; class?: string }, entries: Entry[]): HTMLElement {
  const id = `menu-${++menus}`;
  const items = entries.map((entry) => {
    const item = h(
      "button",
      { type: "button", role: entry.chosen ? "menuitemradio" : "menuitem", tabindex: "-1" },
      entry.icon && icon(entry.icon),
      h("span", null, entry.label, entry.detail !== undefined && h("small", null, entry.detail)),
      entry.chosen && h("span", { class: "tick" }, icon("check")),
    );
    item.addEventListener("click", () => {
      list.hidePopover();
      entry.run();
    });
    return item;
  });
  const list = h("div", { class: "menu", id, role: "menu", popover: "auto", "aria-label": button.label }, ...items);
  const opener = h(
    "button",
    {
      type: "button",
      class: button.class ?? "tool",
      popovertarget: id,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": button.label,
      title: button.label,
    },
    icon(button.icon),
    h("span", { class: "label" }, button.label),
  );
  list.addEventListener("beforetoggle", () => {
    // The browser sets the focus as it opens the menu; to set it after that could undo what a quick key did since.
    const first = Math.max(
      0,
      entries.findIndex((entry) => entry.chosen?.()),
    );
    items.forEach((item, index) => (item.autofocus = index === first));
    entries.forEach(
      (entry, index) => entry.chosen && items[index]?.setAttribute("aria-checked", String(entry.chosen())),
    );
  });
  list.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    opener.setAttribute("aria-expanded", String(open));
    if (open) place(list, opener);
  });
  list.addEventListener("keydown", (event) => {
    const index = items.findIndex((item) => item === document.activeElement);
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      items.at(next % items.length)?.focus();
    } else if (event.key === "Tab") {
      list.hidePopover();
    }
  });
  return h("div", { class: "menu-place" }, opener, list);
}

function place(list: HTMLElement, opener: HTMLElement): void {
  const anchor = opener.getBoundingClientRect();
  const width = list.offsetWidth;
  const left = Math.max(8, Math.min(anchor.left, innerWidth - width - 8));
  list.style.left = `${left}px`;
  list.style.top = `${Math.min(anchor.bottom + 6, innerHeight - list.offsetHeight - 8)}px`;
}
