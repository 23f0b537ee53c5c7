/**
 * The panes beside the editor, one at a time; on a narrow screen the editor is one of them.
 */
import { h, icon, type IconName } from "../dom";

export type PaneName = "editor" | "findings" | "scorecard" | "rules";

interface Pane {
  name: PaneName;
  label: string;
  icon: IconName;
  panel: HTMLElement;
}

const WIDE = matchMedia("(min-width: 860px)");

export class Panes {
  readonly tablist = h("div", { class: "panes-tabs", role: "tablist", "aria-label": "Views" });
  #tabs = new Map<PaneName, { tab: HTMLElement; badge: HTMLElement; panel: HTMLElement }>();
  #current: PaneName = "findings";
  /** Called with the pane that came to be seen. */
  onShow: (name: PaneName) => void = () => undefined;

  constructor(
    readonly root: HTMLElement,
    panes: Pane[],
  ) {
    for (const { name, label, icon: sign, panel } of panes) {
      const badge = h("span", { class: "badge" });
      const tab = h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${name}`,
          "aria-controls": `pane-${name}`,
          class: `pane-tab ${name}`,
          onclick: () => this.show(name),
        },
        icon(sign),
        h("span", null, label),
        badge,
      );
      panel.id = `pane-${name}`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      this.#tabs.set(name, { tab, badge, panel });
      this.tablist.append(tab);
    }
    this.tablist.addEventListener("keydown", (event) => this.#move(event));
    WIDE.addEventListener("change", () => this.show(this.#current));
    this.show(WIDE.matches ? "findings" : "editor");
  }

  get current(): PaneName {
    return this.#current;
  }

  show(name: PaneName): void {
    this.#current = name === "editor" && WIDE.matches ? "findings" : name;
    this.root.dataset["pane"] = this.#current;
    for (const [other, { tab, panel }] of this.#tabs) {
      const shown = other === this.#current;
      tab.setAttribute("aria-selected", String(shown));
      tab.tabIndex = shown ? 0 : -1;
      if (other !== "editor") panel.hidden = !shown;
    }
    this.onShow(this.#current);
  }

  /** A word beside the label: how many, or what share. */
  badge(name: PaneName, { text, kind }: { text: string; kind: string }): void {
    const badge = this.#tabs.get(name)?.badge;
    if (!badge) return;
    badge.textContent = text;
    badge.className = `badge ${kind}`;
  }

  #move(event: KeyboardEvent): void {
    const names = [...this.#tabs.keys()].filter((name) => name !== "editor" || !WIDE.matches);
    const index = names.indexOf(this.#current);
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const name = names.at(next % names.length);
    if (!name) return;
    this.show(name);
    this.#tabs.get(name)?.tab.focus();
  }
}
