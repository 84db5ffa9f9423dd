import type { LiqoShape } from './capability.ts';
import type { FirewallTable } from './firewall-configuration.ts';

/**
 * Where an object that was read back differs from what was meant: the path of the first difference, or undefined. Only
 * what was meant is looked at; but a list must be equal, since one more rule or element changes what it does.
 */
export function lostIn(meant: unknown, read: unknown): string | undefined {
  const steps = stepsTo(meant, read);
  return steps?.reduceRight<string>(
    (path, step) => (typeof step === 'number' ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`),
    '',
  );
}

/**
 * Whether an API server leaves something out of a table that was stored when its definition kept more: it was read with
 * more than `shape` has, or with a match that asks for nothing any more, or with a set that is named and not there. Such
 * a table passes what it denied (V16).
 */
export function isCut({ sets = [], chains }: FirewallTable, shape: LiqoShape | undefined): boolean {
  const names = new Set(sets.map(({ name }) => `@${name}`));
  const matches = chains.flatMap(({ rules }) => rules.filterRules.flatMap(({ match }) => match));
  // A watch that was open before may still say what was.
  if (shape === 'stock' && (sets.length > 0 || matches.some(({ ctstate }) => ctstate))) return true;
  return matches.some(({ ip, ...others }) =>
    ip ? ip.value.startsWith('@') && !names.has(ip.value) : Object.keys(others).every((field) => field === 'op'),
  );
}

/** The steps to the first difference, the last one first: nothing is made of thousands of elements that are equal. */
function stepsTo(meant: unknown, read: unknown): (string | number)[] | undefined {
  if (meant === read) return undefined;
  if (Array.isArray(meant)) {
    if (!Array.isArray(read) || read.length !== meant.length) return [];
    for (let index = 0; index < meant.length; index++) {
      const steps = stepsTo(meant[index], read[index]);
      if (steps) return [...steps, index];
    }
    return undefined;
  }
  if (!isRecord(meant) || !isRecord(read)) return [];
  for (const name in meant) {
    const steps = stepsTo(meant[name], read[name]);
    if (steps) return [...steps, name];
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
