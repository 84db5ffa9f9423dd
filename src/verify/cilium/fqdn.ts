// Name patterns of toFQDNs, as the DNS proxy applies them to resolved names (C22, surprise 17).

/** One toFQDNs item: `text` is its matchName or matchPattern. */
export interface NamePattern {
  readonly text: string;
  /** `name` is lower case and ends with the final dot. */
  readonly matches: (name: string) => boolean;
}

/**
 * A matchName or matchPattern, of any case: `*` within one DNS label, a leading `**.` for one or more labels,
 * `*` alone for every name. Neither wildcard matches the name without the label that it stands for.
 */
export function namePattern(text: string): NamePattern {
  const lower = text.trim().toLowerCase();
  if (/^\*+\.?$/.test(lower)) return { text, matches: (name) => labelsOf(name).every(isDnsLabel) };
  const anyDepth = /^\*{2,}\./.test(lower);
  const globs = labelsOf(anyDepth ? lower.slice(lower.indexOf('.') + 1) : lower);
  return {
    text,
    matches: (name) => {
      const labels = labelsOf(name);
      const extra = labels.length - globs.length;
      if (anyDepth ? extra < 1 : extra !== 0) return false;
      return (
        globs.every((glob, index) => matchesGlob(glob, labels[extra + index] ?? '')) &&
        labels.slice(0, extra).every(isDnsLabel)
      );
    },
  };
}

function labelsOf(name: string): string[] {
  return (name.endsWith('.') ? name.slice(0, -1) : name).split('.');
}

function isDnsLabel(label: string): boolean {
  return /^[-a-z0-9_]+$/.test(label);
}

/** Linear in practice: on a mismatch only the last `*` is widened. */
function matchesGlob(glob: string, label: string): boolean {
  if (glob.includes('*') && !/^[-a-z0-9_]*$/.test(label)) return false;
  let at = 0;
  let position = 0;
  let star = -1;
  let resume = 0;
  while (position < label.length) {
    if (glob[at] === '*') {
      star = at++;
      resume = position;
    } else if (at < glob.length && glob[at] === label[position]) {
      at++;
      position++;
    } else if (star >= 0) {
      at = star + 1;
      position = ++resume;
    } else return false;
  }
  while (glob[at] === '*') at++;
  return at === glob.length;
}
