/**
 * What the browser keeps for the page. A browser that keeps nothing is no reason to fail.
 */

/** `undefined` where there is nothing, or nothing may be read. */
export function kept(storage: () => Storage, key: string): string | undefined {
  try {
    return storage().getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` removes it. Whether it is kept now. */
export function keep(storage: () => Storage, key: string, value: string | undefined): boolean {
  try {
    if (value === undefined) storage().removeItem(key);
    else storage().setItem(key, value);
    return value !== undefined;
  } catch {
    return false;
  }
}
