/**
 * The rules: on and off, how often each fails, and for one of them its documentation and settings. All of it is said by
 * the modules themselves. Policies that the reader brought stand first.
 */
import { h, icon, replace, toast, type Child } from "../dom";
import { said, type Judge, type Outcome } from "../judge";
import { counted, number, SECTIONS, titled, type RuleMetadata } from "../model";
import { inline, markdown } from "../text/markdown";
import { settingsForm, type Schema } from "./settings";

export interface Actions {
  tryYaml: (name: string, yaml: string) => void;
  openPolicy: () => void;
}

export class Rules {
  readonly element = h("div", { class: "pane-body" });
  #shown: string | undefined;
  #query = "";
  #broken = new Map<string, number>();
  /** The rules of which the list was made. */
  #listed: readonly RuleMetadata[] = [];
  #list = h("div", { class: "rule-groups" });
  #scroll = 0;
  /** Why the settings of the rule shown are not accepted. */
  #wrong = h("p", { class: "wrong", role: "alert" });

  constructor(
    readonly judge: Judge,
    readonly actions: Actions,
  ) {
    judge.workspace.onChange((change) => {
      if (change === "options" && !this.#shown) this.#renderList();
    });
    this.#render();
  }

  /** Opens the documentation of a rule, or the list. */
  open(rule: string | undefined): void {
    if (this.#shown === undefined) this.#scroll = this.element.scrollTop;
    this.#shown = rule;
    this.#render();
    this.element.scrollTop = rule === undefined ? this.#scroll : 0;
    this.element.querySelector<HTMLElement>(rule === undefined ? "input" : ".back")?.focus();
  }

  /** How often each rule fails. The list is made anew only where that, or the rules, change. */
  show(outcome: Outcome): void {
    const rules = outcome.state === "judged" ? outcome.report.rules : [];
    const broken = new Map(
      rules.map(({ name, verdicts }): [string, number] => [name, (verdicts.fail ?? 0) + (verdicts.error ?? 0)]),
    );
    const isSame = JSON.stringify([...broken]) === JSON.stringify([...this.#broken]);
    this.#broken = broken;
    this.#wrong.textContent = outcome.state === "refused" ? outcome.message : "";
    if (this.#shown === undefined && !(isSame && this.#listed === this.judge.rules)) this.#renderList();
  }

  #render(): void {
    const rule = this.judge.rules.find((rule) => rule.name === this.#shown);
    if (this.#shown !== undefined) {
      replace(this.element, ...(rule ? this.#rule(rule) : this.#nothing(this.#shown)));
      return;
    }
    const search = h("input", {
      type: "search",
      class: "search",
      placeholder: "Find a rule",
      "aria-label": "Find a rule",
      value: this.#query,
      "data-key": "search",
      oninput: () => {
        this.#query = search.value;
        this.#renderList();
      },
    });
    this.#renderList();
    replace(
      this.element,
      h("h2", { class: "unseen" }, "Rules"),
      h(
        "div",
        { class: "rule-tools" },
        search,
        h(
          "button",
          { type: "button", class: "button", "data-key": "policy", onclick: this.actions.openPolicy },
          icon("policy"),
          "Add a policy",
        ),
      ),
      this.#list,
    );
  }

  #renderList(): void {
    this.#listed = this.judge.rules;
    const words = this.#query.toLowerCase().split(/\s+/).filter(Boolean);
    const rules = this.judge.rules.filter((rule) => {
      const text = `${rule.name} ${rule.title} ${rule.section} ${rule.severity}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const { own } = this.judge;
    const groups: [title: string, rules: RuleMetadata[]][] = [
      ["Yours", rules.filter((rule) => own.has(rule.name))],
      ...SECTIONS.map((section): [string, RuleMetadata[]] => [
        titled(section),
        rules.filter((rule) => rule.section === section && !own.has(rule.name)),
      ]),
    ];
    replace(
      this.#list,
      ...groups.map(
        ([title, rules]) =>
          rules.length > 0 &&
          group(
            title,
            rules.map((rule) => this.#row(rule)),
          ),
      ),
      rules.length === 0 &&
        h(
          "p",
          { class: "soft centered" },
          this.judge.rules.length === 0 ? "The rules are not loaded." : "No rule matches.",
        ),
    );
  }

  #row(rule: RuleMetadata): Node {
    const { name } = rule;
    const { workspace } = this.judge;
    const waits = needsSettings(rule) && !workspace.settings.has(name);
    const on = !workspace.off.has(name);
    const broken = this.#broken.get(name) ?? 0;
    const input = h("input", {
      type: "checkbox",
      role: "switch",
      class: "switch",
      "aria-label": `Enable ${name}`,
      "data-key": `switch-${name}`,
      onchange: () => workspace.turn(name, input.checked),
    });
    input.checked = on && !waits;
    input.disabled = waits;
    return h(
      "li",
      { class: on && !waits ? "rule-row" : "rule-row off" },
      input,
      h(
        "button",
        { type: "button", class: "rule-open", "data-key": `open-${name}`, onclick: () => this.open(name) },
        h("span", { class: "rule-title" }, ...inline(rule.title)),
        h(
          "span",
          { class: "about" },
          h("span", { class: "mono" }, name),
          h("span", { class: `severity ${rule.severity}` }, rule.severity),
          waits && h("span", null, "disabled: no settings"),
          workspace.settings.has(name) && h("span", { class: "set" }, "your settings"),
        ),
      ),
      broken > 0 &&
        h(
          "span",
          { class: "count", title: `fails for ${counted(broken, "object")}` },
          number(broken),
          h("span", { class: "unseen" }, " failed"),
        ),
    );
  }

  #rule(rule: RuleMetadata): Node[] {
    const [first = "", ...rest] = rule.documentation.split("\n\n");
    const says = first.replaceAll("\n", " ").replace(/\.$/, "") === rule.title ? rest.join("\n\n") : rule.documentation;
    const isOwn = this.judge.own.has(rule.name);
    return [
      this.#head(rule.name, rule.title, [
        h("span", { class: `severity ${rule.severity}` }, rule.severity),
        h("span", null, isOwn ? "yours" : titled(rule.section)),
        rule.since !== "" && h("span", null, `since ${rule.since}`),
        // What a stranger's policy names is not made a link.
        !isOwn && rule.url !== undefined && link(rule.url),
      ]),
      hasSchema(rule) && this.#settings(rule),
      h("div", { class: "prose" }, markdown(says, { onYaml: (yaml) => this.#tryIt(rule.name, yaml) })),
      isOwn && !hasSchema(rule) && this.#freeSettings(rule.name),
      isOwn &&
        h(
          "button",
          { type: "button", class: "button", onclick: () => void this.#remove(rule.name) },
          icon("close"),
          "Remove this policy",
        ),
    ].filter((node) => node instanceof Node);
  }

  #nothing(name: string): Node[] {
    return [this.#head(name, "This rule is not loaded", []), h("p", { class: "soft" }, "A report or a link names it.")];
  }

  async #remove(name: string): Promise<void> {
    const wasm = this.judge.own.get(name);
    await this.judge.removePolicy(name);
    this.open(undefined);
    const undo = async (wasm: ArrayBuffer): Promise<void> => {
      await this.judge.addPolicy(name, wasm, this.judge.workspace.settings.get(name));
      this.open(name);
    };
    if (wasm) toast(`Removed ${name}`, { label: "Undo", run: () => void undo(wasm) });
  }

  #head(name: string, title: string, about: Child[]): Node {
    const { workspace } = this.judge;
    const input = h("input", {
      type: "checkbox",
      role: "switch",
      class: "switch",
      id: "rule-switch",
      onchange: () => workspace.turn(name, input.checked),
    });
    input.checked = !workspace.off.has(name);
    return h(
      "div",
      { class: "rule-head" },
      h(
        "div",
        { class: "rule-bar" },
        h("button", { type: "button", class: "back", onclick: () => this.open(undefined) }, icon("back"), "All rules"),
        h("label", { class: "rule-on", for: "rule-switch" }, "Enabled", input),
      ),
      h("h2", null, ...inline(title)),
      h("p", { class: "about" }, h("span", { class: "mono" }, name), ...about),
    );
  }

  #settings(rule: RuleMetadata): Node {
    const schema = rule.settings as Schema;
    const count = Object.keys(schema.properties ?? {}).length;
    const { workspace } = this.judge;
    const reset = h("button", { type: "button", class: "button small" }, "Back to the defaults");
    const details = h("details", {
      class: "settings-box",
      open: workspace.settings.has(rule.name) || needsSettings(rule),
    });
    const form = (): HTMLElement =>
      settingsForm(schema, workspace.settings.get(rule.name), (settings) => {
        workspace.set(rule.name, settings);
        reset.hidden = settings === undefined;
      });
    reset.hidden = !workspace.settings.has(rule.name);
    const set = (settings: unknown): void => {
      workspace.set(rule.name, settings);
      reset.hidden = settings === undefined;
      details.querySelector("form")?.replaceWith(form());
    };
    reset.addEventListener("click", () => {
      const had = workspace.settings.get(rule.name);
      set(undefined);
      toast(`${rule.name} has its defaults`, { label: "Undo", run: () => set(had) });
    });
    details.append(
      h("summary", null, icon("rules"), h("span", null, "Settings"), h("span", { class: "soft" }, count), icon("down")),
      form(),
      this.#wrong,
      reset,
    );
    return details;
  }

  /** Settings of a policy whose schema is unknown: JSON. */
  #freeSettings(name: string): Node {
    const { workspace } = this.judge;
    const area = h(
      "textarea",
      { id: "policy-settings", rows: 5, spellcheck: "false", "aria-describedby": "policy-settings-help" },
      workspace.settings.has(name) ? JSON.stringify(workspace.settings.get(name), null, 2) : "{}",
    );
    const wrong = h("p", { class: "wrong", role: "alert" });
    const apply = async (): Promise<void> => {
      try {
        const settings: unknown = JSON.parse(area.value);
        await this.judge.setPolicy(name, settings);
        wrong.textContent = "";
        toast(`${name} has its settings`);
      } catch (error) {
        wrong.textContent = said(error);
      }
    };
    return h(
      "div",
      { class: "setting free" },
      h("label", { class: "setting-label", for: "policy-settings" }, "Settings"),
      h("p", { class: "help", id: "policy-settings-help" }, "JSON, as the policy's author describes them."),
      area,
      wrong,
      h("button", { type: "button", class: "button small", onclick: () => void apply() }, "Use these settings"),
    );
  }

  #tryIt(name: string, yaml: string): Node {
    return h(
      "button",
      { type: "button", class: "try", onclick: () => this.actions.tryYaml(name, yaml) },
      icon("editor"),
      "Open in the editor",
    );
  }
}

function group(title: string, rows: Node[]): Node {
  return h("section", { class: "rule-group" }, h("h3", null, title), h("ul", null, ...rows));
}

/** The page about a rule in the documentation. */
function link(url: string): HTMLElement {
  return h("a", { class: "link", href: url, target: "_blank", rel: "noopener noreferrer" }, "Documentation page");
}

function hasSchema(rule: RuleMetadata): boolean {
  return Object.keys((rule.settings as Schema | null)?.properties ?? {}).length > 0;
}

function needsSettings(rule: RuleMetadata): boolean {
  return ((rule.settings as Schema | null)?.required?.length ?? 0) > 0;
}
