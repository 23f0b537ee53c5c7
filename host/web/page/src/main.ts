/**
 * Puts the page together: the workspace in the middle, the Judge beside it, and the panes that show what comes of it.
 */
import { choose, onDrop, type Opened } from "./actions/open";
import { save } from "./actions/save";
import { fromFragment, toFragment } from "./actions/share";
import { setTheme, show as showTheme, theme, type Theme } from "./actions/theme";
import { h, icon, mark, toast } from "./dom";
import { Editor } from "./editor/editor";
import { bad, good } from "./examples";
import { Judge, said, type Outcome } from "./judge";
import { counted } from "./model";
import { Files } from "./panes/files";
import { Findings } from "./panes/findings";
import { menu } from "./panes/menu";
import { Panes, type PaneName } from "./panes/panes";
import { Rules } from "./panes/rules";
import { Scorecard } from "./panes/scorecard";
import { welcome } from "./panes/welcome";
import { worldSwitch } from "./panes/world";
import { Workspace, type Snapshot } from "./workspace";

/** Beyond this many characters, chat and mail programs are known to cut links. */
const LONG_LINK = 16_000;
const SECRET = /^\s*kind:\s*["']?Secret\b/m;

showTheme(theme());

let shown: Outcome | undefined;
/** Panes that show an older outcome: they are made anew when they are looked at, and not at every stroke of a key. */
const stale = new Set<PaneName>();

const workspace = new Workspace();
const judge = new Judge(workspace);

const explain = (rule: string): void => {
  panes.show("rules");
  rules.open(rule);
};
const jump = (file: string, line: number, column = 1): void => {
  panes.show("editor");
  editor.jump(file, line, column);
};
const start = (snapshot: Snapshot): void => {
  workspace.restore(snapshot);
  panes.show("findings");
};
const openFiles = (): void => choose({ accept: ".yaml,.yml,.json,.wasm,Kustomization" }, opened);
const openFolder = (): void => choose({ folder: true }, opened);
const openPolicy = (): void => choose({ accept: ".wasm,application/wasm" }, opened);

const editorHost = h("div", { class: "editor-host" });
const editor = new Editor(editorHost, workspace, explain);
const files = new Files(workspace, { openFiles, openFolder, focusEditor: () => editor.focus() });
const findings = new Findings({
  jump,
  explain,
  retry: () => void judge.start(),
  tryBad: () => start(bad()),
  turnOff: (rule) => workspace.turn(rule, false),
});
const scorecard = new Scorecard({ jump, explain });
const rules = new Rules(judge, {
  openPolicy,
  tryYaml: (name, text) => {
    workspace.add([{ name: `${name}.yaml`, text }]);
    panes.show("editor");
    toast(`Opened the example as ${name}.yaml`);
  },
});
const hello = welcome({
  good: () => start(good()),
  bad: () => start(bad()),
  openFiles,
  openFolder,
  focusEditor: () => editor.focus(),
});
const status = h("p", { class: "status" });
/** Says aloud when the number of findings changed. */
const spoken = h("p", { class: "unseen", role: "status" });

const editorPane = h(
  "section",
  { class: "editor-pane", "aria-label": "Editor" },
  files.element,
  h("div", { class: "editor-place" }, editorHost, hello),
  h("footer", { class: "editor-foot" }, worldSwitch(workspace)),
);
const sidePane = h("section", { class: "side-pane", "aria-label": "Results" });
const main = h("main", null, editorPane, sidePane);
const panes = new Panes(main, [
  { name: "editor", label: "Editor", icon: "editor", panel: editorPane },
  { name: "findings", label: "Findings", icon: "findings", panel: findings.element },
  { name: "scorecard", label: "Scorecard", icon: "scorecard", panel: scorecard.element },
  { name: "rules", label: "Rules", icon: "rules", panel: rules.element },
]);
sidePane.append(
  panes.tablist,
  findings.element,
  scorecard.element,
  rules.element,
  h("footer", { class: "side-foot" }, status),
  spoken,
);

async function share(): Promise<void> {
  const address = new URL(location.href);
  address.hash = await toFragment(workspace.snapshot());
  const { length } = address.href;
  const notes = [
    "It holds the files themselves.",
    workspace.sources.some(({ text }) => SECRET.test(text)) && "One of them is a Secret.",
    length > LONG_LINK && `It is ${counted(length, "character")} long: some programs cut such links.`,
    judge.own.size > 0 && "Your own policies are not part of it.",
  ].filter(Boolean);
  try {
    await navigator.clipboard.writeText(address.href);
    toast(`The link is copied. ${notes.join(" ")}`);
  } catch {
    // Only then: the address bar is remembered, and browsers share what they remember among a person's devices.
    history.replaceState(null, "", address);
    toast(`The link is in the address bar. ${notes.join(" ")}`);
  }
}

async function download(name: string, type: string, make: () => Promise<string>): Promise<void> {
  try {
    save(name, type, await make());
  } catch (error) {
    toast(said(error));
  }
}

const themes: [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const header = h(
  "header",
  { class: "top" },
  h("h1", null, mark(), h("span", null, "seaworthy")),
  h(
    "div",
    { class: "tools", role: "group", "aria-label": "Tools" },
    menu({ label: "Examples", icon: "examples" }, [
      { label: "A bad service", detail: "It runs, and will hurt", icon: "close", run: () => start(bad()) },
      { label: "A good service", detail: "It holds every rule", icon: "check", run: () => start(good()) },
      { label: "Start anew", detail: "One empty file", icon: "add", run: () => start({ files: [], world: "partial" }) },
    ]),
    h(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-label": "Share",
        title: "Copy a link that holds these files",
        onclick: () => void share(),
      },
      icon("link"),
      h("span", { class: "label" }, "Share"),
    ),
    menu({ label: "Download", icon: "download" }, [
      {
        label: "Checklist",
        detail: "Markdown, for a pull request",
        run: () => void download("readiness.md", "text/markdown", () => judge.markdown()),
      },
      {
        label: "SARIF",
        detail: "For code scanning",
        run: () => void download("seaworthy.sarif", "application/sarif+json", () => judge.sarif()),
      },
      {
        label: "Report",
        detail: "JSON, as of the command line",
        run: () => void download("report.json", "application/json", () => judge.json()),
      },
    ]),
    menu(
      { label: "Theme", icon: "dark" },
      themes.map(([name, label]) => ({ label, icon: name, chosen: () => theme() === name, run: () => setTheme(name) })),
    ),
  ),
);

function show(outcome: Outcome, busy: boolean): void {
  main.setAttribute("aria-busy", String(busy));
  document.documentElement.dataset["state"] = busy ? "busy" : outcome.state;
  // While the newest text is judged, what is known of the one before stays.
  if (outcome === shown) return;
  const before = shown?.state === "judged" ? shown.report : undefined;
  const report = outcome.state === "judged" ? outcome.report : undefined;
  shown = outcome;
  stale.add("scorecard");
  if (!report || report !== before) {
    stale.add("findings");
    editor.mark(report);
    files.count(report);
    rules.show(outcome);
  }
  summarise(outcome);
  refresh(panes.current);
}

function refresh(name: PaneName): void {
  // A checklist that is on its way is waited for.
  const isComing = name === "scorecard" && shown?.state === "judged" && !shown.readiness;
  if (isComing || !stale.delete(name)) return;
  if (name === "findings") findings.show(judge.outcome);
  else scorecard.show(judge.outcome);
}

function summarise(outcome: Outcome): void {
  if (outcome.state !== "judged") {
    panes.badge("findings", "");
    panes.badge("scorecard", "");
    const words = { loading: "Loading the rules…", failed: "The rules are not loaded", refused: "Not judged" };
    status.textContent =
      outcome.state === "empty"
        ? `${counted(judge.rules.length, "rule")} ready. Nothing leaves this page.`
        : words[outcome.state];
    return;
  }
  const { report, readiness, milliseconds } = outcome;
  const failures = report.problems.filter((problem) => problem.failure).length + (report.summary.verdicts.error ?? 0);
  const violations = report.results
    .flatMap((result) => result.findings)
    .filter((finding) => finding.level === "violation").length;
  const total = failures + violations;
  const isIncomplete = report.summary.outcome === "incomplete";
  const clean = isIncomplete ? "Not everything was checked" : "All checks passed";
  spoken.textContent = total === 0 ? clean : counted(total, "thing to mend", "things to mend");
  panes.badge("findings", String(total), total > 0 ? "bad" : isIncomplete ? "incomplete" : "good");
  if (readiness) {
    const shares = readiness.services.flatMap((service) => service.share.percent ?? []);
    const least = Math.min(...shares);
    panes.badge("scorecard", shares.length > 0 ? `${least} %` : "", least === 100 && !isIncomplete ? "good" : "");
  }
  const duration = milliseconds < 1 ? "under 1 ms" : `${Math.round(milliseconds)} ms`;
  status.textContent = `${counted(report.summary.objects, "object")}, ${counted(report.rules.length, "rule")}, ${duration}. Nothing leaves this page.`;
}

async function opened({ manifests, policies, folder }: Opened): Promise<void> {
  if (manifests.length > 0) {
    workspace.add(manifests);
    if (folder) workspace.takeFor("complete");
    const world = folder ? " A folder is taken for everything there is." : "";
    if (manifests.length > 1 || folder) toast(`Opened ${counted(manifests.length, "file")}.${world}`);
  }
  for (const { name, wasm } of policies) {
    try {
      await judge.addPolicy(name, wasm);
      toast(`Judging by ${name} too`);
      explain(name);
    } catch (error) {
      toast(`${name} is no policy that can be used: ${said(error)}`);
    }
  }
}

async function restoreShared(): Promise<boolean> {
  try {
    const snapshot = await fromFragment(location.hash);
    if (!snapshot) return false;
    workspace.restore(snapshot);
    return true;
  } catch (error) {
    toast(said(error));
    return false;
  }
}

judge.onOutcome(show);
panes.onShow = refresh;
workspace.onChange(() => (hello.hidden = !workspace.isEmpty));
document.getElementById("app")?.replaceChildren(header, main);
onDrop((files) => void opened(files));
addEventListener("hashchange", () => void restoreShared());
await restoreShared();
await judge.start();
