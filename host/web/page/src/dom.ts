/**
 * Elements by code: every text is a text node, so nothing that a manifest or a policy says is ever read as HTML.
 */

type Listener = (event: never) => void;
export type Attributes = Record<string, string | number | boolean | undefined | Listener>;
export type Child = Node | string | number | false | null | undefined;

/** An element: `on…` functions listen, `true` sets an empty attribute, `false` and `undefined` set none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Attributes | null,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, attributes);
  element.append(...shown(children));
  return element;
}

function svg(tag: string, attributes: Attributes, ...children: Node[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(element, attributes);
  element.append(...children);
  return element;
}

function apply(element: Element, attributes?: Attributes | null): void {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : String(value));
  }
}

function shown(children: Child[]): (Node | string)[] {
  return children
    .filter((child) => child !== false && child !== null && child !== undefined)
    .map((child) => (typeof child === "number" ? String(child) : child));
}

/** Puts new children in place of the old, and gives the focus back to the one of the same `data-key`. */
export function replace(parent: HTMLElement, ...children: Child[]): void {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && parent.contains(focused) ? focused.dataset["key"] : undefined;
  parent.replaceChildren(...shown(children));
  if (key !== undefined) parent.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

const ICONS = {
  add: "M8 3v10M3 8h10",
  back: "M10 3.5 5.5 8l4.5 4.5",
  check: "m3.5 8.5 3 3 6-7",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  close: "m4 4 8 8M12 4l-8 8",
  dash: "M4 8h8",
  dark: "M13 9.7A5.5 5.5 0 0 1 6.3 3 5.5 5.5 0 1 0 13 9.7Z",
  down: "m4 6 4 4 4-4",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
  editor: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  examples: "M3 2.5h7l3 3v8H3zM9.5 2.5V6H13M5.5 8.5h5M5.5 11h3",
  findings: "M2.5 4h.01M2.5 8h.01M2.5 12h.01M5.5 4h8M5.5 8h8M5.5 12h8",
  folder: "M2 4.5v8h12v-6.5H8L6.5 4.5z",
  info: "M8 7.5v4M8 4.8v.01M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0",
  light:
    "M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9M10.7 8a2.7 2.7 0 1 1-5.4 0 2.7 2.7 0 0 1 5.4 0",
  link: "M6.5 9.5l3-3M7 4.5 8.8 2.7a2.8 2.8 0 0 1 4 4L11 8.5M9 11.5l-1.8 1.8a2.8 2.8 0 0 1-4-4L5 7.5",
  policy: "M8 1.8 13.5 4v4c0 3-2.3 5.2-5.5 6.2C4.8 13.2 2.5 11 2.5 8V4z",
  rename: "M3 13l.7-3L10.5 3.200 12.800 5.500 6 12.300z",
  rules: "M2.500 4.500h6M12.500 4.500h1M2.500 11.500h1M7.500 11.500h6M10.500 2.800v3.400M5.500 9.800v3.400",
  scorecard: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M.8 8h14.4",
  search: "M10.8 10.800 14 14M12 7a5 5 0 1 1-10 0 5 5 0 0 1 10 0",
  system: "M2 3h12v8H2zM5.500 13.500h5M8 11v2.500",
  tree: "M2.500 3h5M5 3v9.500h3.500M5 7.700h3.500M9 7.700h4.500M9 12.500h4.500",
  undo: "M6 3 3 6l3 3M3 6h6.500a3.500 3.500 0 0 1 0 7H6",
  unknown: "M6 6.200a2 2 0 1 1 2.900 1.800c-.6.3-.9.700-.9 1.300M8 11.800v.01",
} as const;

export type IconName = keyof typeof ICONS;

/** A small picture that says nothing to screen readers: the words stand beside it, or in the label around it. */
export function icon(name: IconName): SVGElement {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/** The Plimsoll mark, which says how deep a ship may lie in the water. */
export function mark(): SVGElement {
  return svg(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("circle", { cx: 16, cy: 16, r: 9.5 }),
    svg("path", { d: "M2.5 16h27" }),
  );
}

/** The same mark as a gauge, filled to `percent`; without one, empty. The number stands beside it in words. */
export function gauge(percent: number | null): SVGElement {
  const level = 41 - ((percent ?? 0) / 100) * 34;
  const clip = `gauge-${++gauges}`;
  return svg(
    "svg",
    { class: "gauge", viewBox: "0 0 56 48", "aria-hidden": "true" },
    svg("clipPath", { id: clip }, svg("circle", { cx: 28, cy: 24, r: 17 })),
    svg("rect", { class: "water", x: 0, y: level, width: 56, height: 48, "clip-path": `url(#${clip})` }),
    svg("circle", { class: "hull", cx: 28, cy: 24, r: 17 }),
    svg("path", { class: "line", d: `M3 ${level}h50` }),
  );
}
let gauges = 0;

/** What is said in passing, and beside it, at once and until it is closed, what went wrong. */
const said = h("div", { role: "status", "aria-live": "polite" });
const wrong = h("div", { role: "alert" });
const toasts = h("div", { class: "toasts" }, said, wrong);

/** Says something in passing, aloud to screen readers, with at most one thing to do about it. */
export function toast(message: string, action?: { label: string; run: () => void }): void {
  const gone = note(said, "toast", message, action ?? undefined);
  // Long enough to read it, and to decide.
  setTimeout(gone, (action ? 8_000 : 3_000) + message.length * 60);
}

/** Says that something went wrong. It stays until the reader has read it. */
export function complain(message: string): void {
  const gone = note(wrong, "toast wrong", message, { label: "Close", run: () => gone() });
}

function note(place: HTMLElement, kind: string, message: string, action?: { label: string; run: () => void }): () => void {
  if (!toasts.isConnected) document.body.append(toasts);
  const gone = (): void => shown.remove();
  const run = (): void => {
    action?.run();
    gone();
  };
  const shown = h(
    "div",
    { class: kind },
    h("span", null, message),
    action && h("button", { type: "button", class: "quiet", onclick: run }, action.label),
  );
  place.replaceChildren(shown);
  return gone;
}
