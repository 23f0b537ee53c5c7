/**
 * A form made from the JSON Schema of a rule's settings. What equals its default is not part of the settings.
 */
import { h, icon } from "../dom";
import { inline } from "../text/markdown";

export interface Schema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Values = Record<string, unknown>;

/** One control: its element, and whatever it says now; `undefined` is nothing. */
interface Field {
  element: HTMLElement;
  read: () => unknown;
}

let ids = 0;

/** `changed` gets the settings, or `undefined` where all are the defaults. */
export function settingsForm(schema: Schema, current: unknown, changed: (settings: unknown) => void): HTMLElement {
  const object = properties(schema, isObject(current) ? current : {}, () => {
    const values = object.read();
    changed(isObject(values) && Object.keys(values).length > 0 ? values : undefined);
  });
  const form = h("form", { class: "settings", onsubmit: (event: Event) => event.preventDefault() }, object.element);
  return form;
}

function properties(schema: Schema, current: Values, changed: () => void): Field {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const required = schema.required?.includes(name) ?? false;
    return {
      name,
      property,
      required,
      field: labelled(name, property, name in current ? current[name] : property.default, required, changed),
    };
  });
  return {
    element: h("div", { class: "fields" }, ...fields.map(({ field }) => field.element)),
    read: () => {
      const values: Values = {};
      for (const { name, property, required, field } of fields) {
        const value = field.read();
        if (value !== undefined && (required || !same(value, property.default))) values[name] = value;
      }
      return values;
    },
  };
}

function labelled(name: string, schema: Schema, current: unknown, required: boolean, changed: () => void): Field {
  const id = `setting-${++ids}`;
  const help = `${id}-help`;
  const field = control(id, help, name, schema, current, changed);
  const label = [h("span", { class: "setting-name" }, name), required && h("span", { class: "must" }, " needed")];
  const description = h("p", { class: "help", id: help }, ...inline((schema.description ?? "").replaceAll("\n", " ")));
  const group = isList(schema) || schema.properties !== undefined;
  const element = group
    ? h(
        "fieldset",
        { class: "setting", "aria-describedby": help },
        h("legend", null, ...label),
        description,
        field.element,
      )
    : kind(schema) === "boolean"
      ? h(
          "div",
          { class: "setting inline" },
          field.element,
          h("div", null, h("label", { for: id }, ...label), description),
        )
      : h("div", { class: "setting" }, h("label", { for: id }, ...label), description, field.element);
  return { element, read: field.read };
}

function control(id: string, help: string, name: string, schema: Schema, current: unknown, changed: () => void): Field {
  if (schema.properties) return properties(schema, isObject(current) ? current : {}, changed);
  if (isList(schema)) return list(name, schema.items ?? {}, Array.isArray(current) ? current : [], changed);
  if (schema.enum) return choice(id, help, schema, current, changed);
  switch (kind(schema)) {
    case "boolean":
      return toggle(id, help, current === true, changed);
    case "integer":
    case "number":
      return number(id, help, schema, current, changed);
    default:
      return text(id, help, schema, current, changed);
  }
}

function toggle(id: string, help: string, on: boolean, changed: () => void): Field {
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    id,
    "aria-describedby": help,
    onchange: changed,
  });
  input.checked = on;
  return { element: input, read: () => input.checked };
}

function choice(id: string, help: string, schema: Schema, current: unknown, changed: () => void): Field {
  const values = schema.enum ?? [];
  const select = h(
    "select",
    { id, "aria-describedby": help, onchange: changed },
    ...values.map((value, index) => h("option", { value: index, selected: same(value, current) }, String(value))),
  );
  return { element: select, read: () => values[Number(select.value)] };
}

function number(id: string, help: string, schema: Schema, current: unknown, changed: () => void): Field {
  const input = h("input", {
    type: "number",
    id,
    "aria-describedby": help,
    min: schema.minimum,
    max: schema.maximum,
    step: kind(schema) === "integer" ? 1 : "any",
    value: typeof current === "number" ? current : undefined,
    onchange: () => {
      input.setAttribute("aria-invalid", String(!input.checkValidity()));
      if (input.checkValidity()) changed();
    },
  });
  return {
    element: input,
    read: () => (input.value === "" || !input.checkValidity() ? undefined : input.valueAsNumber),
  };
}

/** Text; where numbers or booleans are allowed too, what reads as one is one, and quotes make it text again. */
function text(id: string, help: string, schema: Schema, current: unknown, changed: () => void): Field {
  const types = [schema.type ?? "string"].flat();
  const mixed = types.some((type) => type !== "string" && type !== "null") && schema.format !== "quantity";
  const shown =
    typeof current === "string" && !(mixed && looksTyped(current))
      ? current
      : current == null
        ? ""
        : JSON.stringify(current);
  const input = h("input", {
    type: "text",
    id,
    "aria-describedby": help,
    value: shown,
    placeholder: schema.default === null ? "not set" : undefined,
    spellcheck: "false",
    autocomplete: "off",
    onchange: changed,
  });
  return {
    element: input,
    read: () => {
      if (input.value === "") return schema.default === undefined ? undefined : schema.default === null ? null : "";
      if (input.value === '""') return "";
      return mixed ? scalar(input.value, types) : input.value;
    },
  };
}

function list(name: string, items: Schema, current: unknown[], changed: () => void): Field {
  const one = items.properties ? "entry" : "value";
  const rows = h("div", { class: "rows" });
  const fields = new Map<HTMLElement, Field>();
  const add = (value: unknown): HTMLElement => {
    const id = `setting-${++ids}`;
    const help = `${id}-none`;
    const field = control(id, help, name, items, value, changed);
    if (!items.properties) {
      field.element.removeAttribute("aria-describedby");
      field.element.setAttribute("aria-label", `${name}: ${one}`);
    }
    const row = h(
      "div",
      { class: items.properties ? "list-row nested" : "list-row" },
      field.element,
      h(
        "button",
        {
          type: "button",
          class: "mini",
          "aria-label": `Remove this ${one}`,
          title: "Remove",
          onclick: () => {
            fields.delete(row);
            row.remove();
            adder.focus();
            changed();
          },
        },
        icon("close"),
      ),
    );
    fields.set(row, field);
    rows.append(row);
    return row;
  };
  const adder = h(
    "button",
    {
      type: "button",
      class: "button small",
      onclick: () => {
        add(undefined).querySelector<HTMLElement>("input, select")?.focus();
      },
    },
    icon("add"),
    `Add ${one === "entry" ? "an entry" : "a value"}`,
  );
  current.forEach(add);
  return {
    element: h("div", { class: "list" }, rows, adder),
    // An entry without all that it needs is still being written.
    read: () =>
      [...fields.values()]
        .map((field) => field.read())
        .filter((value) => value !== undefined && (value !== "" || items.properties) && isWhole(value, items)),
  };
}

function isWhole(value: unknown, schema: Schema): boolean {
  return !isObject(value) || (schema.required ?? []).every((name) => value[name] !== undefined);
}

function isList(schema: Schema): boolean {
  return kind(schema) === "array";
}

function kind(schema: Schema): string {
  const types = [schema.type ?? "string"].flat().filter((type) => type !== "null");
  return types.length === 1 ? (types[0] ?? "string") : "mixed";
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function looksTyped(text: string): boolean {
  return scalar(text, ["number", "boolean"]) !== text;
}

function scalar(text: string, types: string[]): Json {
  if (/^".*"$/.test(text)) return parsed(text) ?? text;
  if (types.includes("boolean") && /^(true|false)$/.test(text)) return text === "true";
  if (types.some((type) => type === "number" || type === "integer") && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  return text;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
