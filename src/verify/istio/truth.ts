// Three-valued logic: yes, no, or the name of what is not known. Unknown never decides by itself.

/** A string names what is missing or not modelled, as a PascalCase word fit for `Verdict.reason`. */
export type Truth = boolean | string;

/** All of them. One `false` decides, whatever is unknown beside it. */
export function allOf<T>(items: readonly T[], test: (item: T) => Truth): Truth {
  let unknown: string | undefined;
  for (const item of items) {
    const truth = test(item);
    if (truth === false) return false;
    if (truth !== true) unknown ??= truth;
  }
  return unknown ?? true;
}

/** Any of them. One `true` decides, whatever is unknown beside it. */
export function anyOf<T>(items: readonly T[], test: (item: T) => Truth): Truth {
  let unknown: string | undefined;
  for (const item of items) {
    const truth = test(item);
    if (truth === true) return true;
    if (truth !== false) unknown ??= truth;
  }
  return unknown ?? false;
}

export function not(truth: Truth): Truth {
  return typeof truth === 'boolean' ? !truth : truth;
}
