/**
 * Light, dark, or as the system is.
 */
import { keep, kept } from "./storage";

export type Theme = "system" | "light" | "dark";

const KEY = "seaworthy-theme";

export function theme(): Theme {
  const stored = kept(() => localStorage, KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function setTheme(theme: Theme): void {
  keep(() => localStorage, KEY, theme === "system" ? undefined : theme);
  show(theme);
}

export function show(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
