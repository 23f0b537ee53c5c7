/**
 * Puts the page together: the workspace in the middle, the Judge beside it, and the panes that show what comes of it.
 */
import { Keeper } from "./actions/keep";
import { choose, onDrop, type Opened } from "./actions/open";
import { save } from "./actions/save";
import { fromFragment, toFragment } from "./actions/share";
import { show as showTheme, theme } from "./actions/theme";
import { complain, h, toast } from "./dom";
import { EditorPlace, type Told } from "./editor/place";
import { bad, good } from "./examples";
import { header } from "./header";
import { Judge, said, type Outcome } from "./judge";
import { counted, isSecret } from "./model";
import { Files } from "./panes/files";
import { Findings } from "./panes/findings";
import { keepSwitch } from "./panes/keep";
import { Panes, type PaneName } from "./panes/panes";
import { Rules } from "./panes/rules";
import { Scorecard } from "./panes/scorecard";
import { welcome } from "./panes/welcome";
import { worldSwitch } from "./panes/world";
import { summary } from "./summary";
import { Workspace, type Snapshot, type Undo } from "./workspace";

/** Beyond this many characters, chat and mail programs are known to cut links. */
const LONG_LINK = 16_000;

showTheme(theme());

let shown: Outcome | undefined;
/** Panes that show an older outcome: they are made anew when they are looked at, and not at every stroke of a key. */
const stale = new Set<PaneName>();

const workspace = new Workspace();
const judge = new Judge(workspace);
const keeper = new Keeper(workspace);

/** Says what happened; where it took away a text, with a way back. */
const done = (message: string, undo: Undo | undefined): void =>
  undo ? toast(message, { label: "Undo", run: undo }) : toast(message);

const explain = (rule: string): void => {
  panes.show("rules");
  rules.open(rule);
};
const jump = (file: string, line: number, column = 1, told?: Told): void => {
  panes.show("editor");
  void editor.jump(file, line, column, told);
};
const start = (what: string, snapshot: Snapshot): void => {
  const undo = workspace.restore(snapshot);
  panes.show("findings");
  if (undo) done(`${what} in place of your files`, undo);
};
const openFiles = (): void => choose({ accept: ".yaml,.yml,.json,.wasm,Kustomization" }, opened);
const openFolder = (): void => choose({ folder: true }, opened);
const openPolicy = (): void => choose({ accept: ".wasm,application/wasm" }, opened);
const startGood = (): void => start("The good example is", good());
const startBad = (): void => start("The bad example is", bad());

async function apply({ finding, result }: Told): Promise<void> {
  const { object, rule } = result;
  if (!finding.edit) return;
  try {
    // First, so that nothing can be typed between the edit and its writing.
    await editor.load();
    const text = await judge.edited(object.file, object, finding.edit);
    panes.show("editor");
    const review = finding.edit.applicability === "needs-review" ? ". Check that it fits your service" : "";
    done(`Applied the fix of ${rule} to ${object.file}${review}.`, await editor.rewrite(object.file, text));
  } catch (error) {
    complain(`The fix of ${rule} was not applied. ${said(error)}`);
  }
}

async function copy({ finding }: Told): Promise<void> {
  try {
    await navigator.clipboard.writeText(finding.fix ?? "");
    toast("The fix is copied");
  } catch {
    complain("This browser does not let the page copy: select the fix, and copy it with Ctrl+C.");
  }
}

const fixing = { apply: (told: Told) => void apply(told), copy: (told: Told) => void copy(told) };
const editor = new EditorPlace(workspace, { explain, ...fixing });
const files = new Files(workspace, { openFiles, openFolder, focusEditor: () => editor.focus() });
const findings = new Findings({
  jump,
  explain,
  ...fixing,
  retry: () => void judge.load(),
  tryBad: startBad,
  turnOff: (rule) => workspace.turn(rule, false),
});
const scorecard = new Scorecard({ jump, explain });
const rules = new Rules(judge, {
  openPolicy,
  tryYaml: (name, text) => {
    const isReplaced = workspace.byName(`${name}.yaml`) !== undefined;
    const undo = workspace.add([{ name: `${name}.yaml`, text }]);
    panes.show("editor");
    done(`Opened the example as ${name}.yaml`, isReplaced ? undo : undefined);
  },
});
const hello = welcome({
  good: startGood,
  bad: startBad,
  openFiles,
  openFolder,
  focusEditor: () => editor.focus(),
});
const status = h("p", { class: "status" });
/** Says aloud when the number of findings changed. */
const spoken = h("p", { class: "unseen", role: "status" });
const progress = h("progress", { class: "progress", max: 1, value: 0, "aria-label": "Loading the rules" });

const editorPane = h(
  "section",
  { class: "editor-pane", "aria-label": "Editor" },
  files.element,
  h("div", { class: "editor-place" }, files.tree.element, editor.element, hello),
  h("footer", { class: "editor-foot" }, worldSwitch(workspace), keepSwitch(workspace, keeper)),
);
const sidePane = h("section", { class: "side-pane", "aria-label": "Results" });
const main = h("main", null, editorPane, sidePane);
const panes = new Panes(main, [
  { name: "editor", label: "Editor", icon: "editor", panel: editorPane },
  { name: "findings", label: "Findings", icon: "findings", panel: findings.element },
  { name: "scorecard", label: "Readiness", icon: "scorecard", panel: scorecard.element },
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
    "It contains the files themselves.",
    workspace.sources.some(({ text }) => isSecret(text)) && "One of them is a Secret.",
    length > LONG_LINK && `It is ${counted(length, "character")} long: some programs cut such links.`,
    judge.own.size > 0 && "Your own policies are not part of it.",
  ].filter(Boolean);
  try {
    await navigator.clipboard.writeText(address.href);
    toast(`The link is copied. ${notes.join(" ")}`);
  } catch {
    // Only then: the address bar is remembered, and browsers share what they remember among a person's devices.
    history.replaceState(null, "", address);
    keeper.link = address.hash;
    toast(`The link is in the address bar. ${notes.join(" ")}`);
  }
}

async function download(name: string, type: string, make: () => Promise<string>): Promise<void> {
  try {
    save(name, type, await make());
  } catch (error) {
    complain(`${name} was not made. ${said(error)}`);
  }
}

const top = header({
  good: startGood,
  bad: startBad,
  empty: () => start("An empty file is", { files: [], world: "partial" }),
  share: () => void share(),
  markdown: () => void download("readiness.md", "text/markdown", () => judge.markdown()),
  sarif: () => void download("seaworthy.sarif", "application/sarif+json", () => judge.sarif()),
  json: () => void download("report.json", "application/json", () => judge.json()),
});

function show(outcome: Outcome, busy: boolean): void {
  main.setAttribute("aria-busy", String(busy));
  document.documentElement.dataset["state"] = busy ? "busy" : outcome.state;
  progress.hidden = outcome.state !== "loading";
  if (outcome.state === "loading") {
    progress.value = outcome.share;
    if (shown?.state === "loading") return;
  }
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
  const says = summary(outcome, judge.rules.length);
  panes.badge("findings", says.findings);
  panes.badge("scorecard", says.scorecard);
  status.textContent = says.status;
  if (says.spoken !== undefined) spoken.textContent = says.spoken;
  refresh(panes.current);
}

function refresh(name: PaneName): void {
  // A checklist that is on its way is waited for.
  const isComing = name === "scorecard" && shown?.state === "judged" && !shown.readiness;
  if (isComing || !stale.delete(name)) return;
  if (name === "findings") findings.show(judge.outcome);
  else scorecard.show(judge.outcome);
}

async function opened({ manifests, policies, folder }: Opened): Promise<void> {
  if (manifests.length > 0) {
    const replaced = manifests.filter(({ name, text }) => (workspace.byName(name)?.text ?? text) !== text);
    const undo = workspace.add(manifests);
    if (folder) workspace.takeFor("complete");
    const world = folder ? " The folder counts as complete." : "";
    const lost = replaced.length > 0 ? ` ${counted(replaced.length, "file")} of the same name replaced.` : "";
    if (manifests.length > 1 || folder || lost) {
      done(`Opened ${counted(manifests.length, "file")}.${world}${lost}`, undo);
    }
  }
  for (const { name, wasm } of policies) {
    try {
      await judge.addPolicy(name, wasm);
      toast(`${name} is added: it checks your files too`);
      explain(name);
    } catch (error) {
      complain(`${name}.wasm cannot be used as a policy: ${said(error).replace(`${name}: `, "")}`);
    }
  }
}

/** Opens the link in the address bar, unless what is here began with it. */
async function openLink(): Promise<void> {
  if (location.hash === keeper.link) return;
  try {
    const snapshot = await fromFragment(location.hash);
    if (!snapshot) return;
    keeper.link = location.hash;
    const undo = workspace.restore(snapshot);
    if (undo) done("The link's files are in place of yours", undo);
  } catch (error) {
    complain(said(error));
  }
}

function reopen(): void {
  const kept = keeper.read();
  if (!kept) return;
  keeper.link = kept.link;
  workspace.restore(kept.snapshot);
  const active = workspace.byName(kept.active);
  if (active) workspace.show(active.id);
}

/** Ctrl+Z where nothing is typed; the editor has its own. */
function onKey(event: KeyboardEvent): void {
  const [target] = event.composedPath();
  const isTyping = target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
  if (isTyping || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  if (event.shiftKey ? workspace.redo() : workspace.undo()) event.preventDefault();
}

judge.onOutcome(show);
panes.onShow = refresh;
workspace.onChange(() => (hello.hidden = !workspace.isEmpty));
document.getElementById("app")?.replaceChildren(top, progress, main);
onDrop((files) => void opened(files));
addEventListener("hashchange", () => void openLink());
addEventListener("keydown", onKey);
reopen();
await openLink();
// The rules come first; the editor is large, and one can type without it.
await judge.load();
await editor.load();
await judge.warmUp();
