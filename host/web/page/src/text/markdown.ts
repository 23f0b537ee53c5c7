/**
 * The part of Markdown that rules are documented in, as elements: headings, paragraphs, nested lists, tables, code, emphasis.
 *
 * The text may be a stranger's module's. There is no HTML in it: what looks like a tag is text, and so is a link, of which
 * the address is shown rather than made clickable.
 */
import { h } from "../dom";

export interface Options {
  /** What may be done with a fenced block of YAML. */
  onYaml?: (yaml: string) => Node;
}

export function markdown(text: string, options: Options = {}): DocumentFragment {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text.replaceAll("\r\n", "\n").split("\n"), options));
  return fragment;
}

const FENCE = /^\s*(```+|~~~+)\s*(\S*)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*]|\d+[.)])\s+(.*)$/;
const ROW = /^\s*\|(.*)\|\s*$/;

function blocks(lines: string[], options: Options): Node[] {
  const out: Node[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    if (line.trim() === "") {
      at++;
    } else if (fence) {
      const end = lines.findIndex((other, index) => index > at && other.trim().startsWith(fence[1] ?? "```"));
      const code = lines.slice(at + 1, end < 0 ? undefined : end).join("\n");
      out.push(codeBlock(code, fence[2] ?? "", options));
      at = end < 0 ? lines.length : end + 1;
    } else if (heading) {
      // The page has a heading for the rule itself: those of its text begin one below.
      out.push(h((heading[1]?.length ?? 2) <= 2 ? "h3" : "h4", null, ...inline(heading[2] ?? "")));
      at++;
    } else if (ROW.test(line)) {
      const rows = take(lines, at, (row) => ROW.test(row));
      out.push(table(rows));
      at += rows.length;
    } else if (ITEM.test(line)) {
      const rows = take(lines, at, (row, index) => index === 0 || ITEM.test(row) || /^\s+\S/.test(row));
      out.push(list(rows, options));
      at += rows.length;
    } else {
      const rows = take(
        lines,
        at,
        (row) => row.trim() !== "" && !FENCE.test(row) && !HEADING.test(row) && !ITEM.test(row),
      );
      out.push(h("p", null, ...inline(rows.map((row) => row.trim()).join(" "))));
      at += rows.length;
    }
  }
  return out;
}

function take(lines: string[], from: number, belongs: (line: string, index: number) => boolean): string[] {
  let end = from;
  while (end < lines.length && belongs(lines[end] ?? "", end - from)) end++;
  return lines.slice(from, Math.max(end, from + 1));
}

function codeBlock(code: string, language: string, options: Options): Node {
  // Keyboard readers scroll what is too wide: it takes the focus.
  const block = h("pre", { tabindex: "0" }, h("code", null, code));
  const yaml = /^ya?ml\b/.test(language) && options.onYaml;
  return yaml ? h("div", { class: "code" }, block, yaml(code)) : h("div", { class: "code" }, block);
}

function list(lines: string[], options: Options): Node {
  const indent = /^\s*/.exec(lines[0] ?? "")?.[0].length ?? 0;
  const items: string[][] = [];
  let ordered = false;
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && (item[1]?.length ?? 0) <= indent) {
      ordered ||= /\d/.test(item[2] ?? "");
      items.push([item[3] ?? ""]);
    } else {
      items.at(-1)?.push(line);
    }
  }
  const children = items.map(([first = "", ...rest]) => {
    const nested = rest.findIndex((line) => ITEM.test(line) || FENCE.test(line));
    const own = [first, ...(nested < 0 ? rest : rest.slice(0, nested))].map((line) => line.trim()).join(" ");
    return h("li", null, ...inline(own), ...(nested < 0 ? [] : blocks(rest.slice(nested), options)));
  });
  return h(ordered ? "ol" : "ul", null, ...children);
}

function table(lines: string[]): Node {
  const cells = lines.map((line) => (ROW.exec(line)?.[1] ?? "").split("|").map((cell) => cell.trim()));
  const [head = [], ...rest] = cells;
  const body = rest.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  return h(
    "div",
    { class: "table", tabindex: "0" },
    h(
      "table",
      null,
      h("thead", null, h("tr", null, ...head.map((cell) => h("th", { scope: "col" }, ...inline(cell))))),
      h("tbody", null, ...body.map((row) => h("tr", null, ...row.map((cell) => h("td", null, ...inline(cell)))))),
    ),
  );
}

/** Code, emphasis and links within a line. */
export function inline(text: string): Node[] {
  const out: Node[] = [];
  const pattern = /(`+)(.+?)\1(?!`)|\*\*(.+?)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])|\[([^\]]+)\]\(([^)\s]+)\)/g;
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    out.push(document.createTextNode(text.slice(at, match.index)));
    const [whole, , code, strong, emphasis, label, address] = match;
    if (code !== undefined) out.push(h("code", null, code.trim()));
    else if (strong !== undefined) out.push(h("strong", null, ...inline(strong)));
    else if (emphasis !== undefined) out.push(h("em", null, ...inline(emphasis)));
    else out.push(document.createTextNode(`${label} (${address})`));
    at = match.index + whole.length;
  }
  out.push(document.createTextNode(text.slice(at)));
  return out;
}
