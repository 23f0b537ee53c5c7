/**
 * The top of the page: its name, and what can be done with everything in it.
 */
import { h, icon, mark } from "./dom";
import { menu } from "./panes/menu";
import { setTheme, theme, type Theme } from "./actions/theme";

export interface Actions {
  good: () => void;
  bad: () => void;
  empty: () => void;
  share: () => void;
  markdown: () => void;
  sarif: () => void;
  json: () => void;
}

const THEMES: [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function header(actions: Actions): HTMLElement {
  return h(
    "header",
    { class: "top" },
    h("h1", null, mark(), h("span", null, "seaworthy")),
    h(
      "div",
      { class: "tools", role: "group", "aria-label": "Tools" },
      menu({ label: "Examples", icon: "examples" }, [
        { label: "A bad service", detail: "Many findings", icon: "close", run: actions.bad },
        { label: "A good service", detail: "All checks pass", icon: "check", run: actions.good },
        { label: "Start over", detail: "One empty file", icon: "add", run: actions.empty },
      ]),
      h(
        "button",
        {
          type: "button",
          class: "tool",
          "aria-label": "Share",
          title: "Copy a link that contains these files",
          onclick: actions.share,
        },
        icon("link"),
        h("span", { class: "label" }, "Share"),
      ),
      menu({ label: "Download", icon: "download" }, [
        { label: "Checklist", detail: "Markdown, for a pull request", run: actions.markdown },
        { label: "SARIF", detail: "For code scanning", run: actions.sarif },
        { label: "Report", detail: "JSON, as the command line writes it", run: actions.json },
      ]),
      menu(
        { label: "Theme", icon: "dark" },
        THEMES.map(([name, label]) => ({
          label,
          icon: name,
          chosen: () => theme() === name,
          run: () => setTheme(name),
        })),
      ),
    ),
  );
}
