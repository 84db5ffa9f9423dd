import type { Port } from '../../graph/index.ts';
import type { Rule } from './objects.ts';

/** Callers that share one list of ports. */
interface Callers {
  readonly principals: string[];
  /** Addresses of callers without identity. */
  readonly blocks: string[];
  /** Whether every caller without identity is one of them. */
  anyone: boolean;
}

/** Callers by list of ports, such as `80,443`: equal lists become one rule. */
export type CallersByPorts = Map<string, Callers>;

/**
 * The list of TCP ports at which a door sees these ports: pods' ports at ztunnel, Service ports at a waypoint (I12).
 * Empty when none is TCP: UDP and SCTP are not in HBONE, so no policy applies to them (X6).
 */
export function portList(ports: readonly Port[], seenAt: 'ztunnel' | 'waypoint'): string {
  const first = ports[0];
  if (ports.length === 1 && first?.targetPorts.length === 1) {
    if (first.protocol !== 'TCP') return '';
    return String(seenAt === 'waypoint' ? first.port : first.targetPorts[0]);
  }
  const numbers: number[] = [];
  for (const port of ports) {
    if (port.protocol !== 'TCP') continue;
    if (seenAt === 'waypoint') numbers.push(port.port);
    else for (const target of port.targetPorts) numbers.push(target);
  }
  const ascending = numbers.every((number, index) => index === 0 || (numbers[index - 1] ?? 0) < number);
  return (ascending ? numbers : [...new Set(numbers)].sort((a, b) => a - b)).join(',');
}

/** Adds callers to one list of ports. An empty list grants nothing: a rule without ports would be every port. */
export function grant(
  table: CallersByPorts,
  ports: string,
  callers: { readonly principals: string | readonly string[] } | { readonly blocks: readonly string[] | undefined },
): void {
  if (ports === '') return;
  if ('principals' in callers && callers.principals.length === 0) return;
  let known = table.get(ports);
  if (!known) {
    known = { principals: [], blocks: [], anyone: false };
    table.set(ports, known);
  }
  if ('principals' in callers) {
    if (typeof callers.principals === 'string') known.principals.push(callers.principals);
    else for (const principal of callers.principals) known.principals.push(principal);
  } else if (callers.blocks) {
    for (const block of callers.blocks) known.blocks.push(block);
  } else {
    known.anyone = true;
  }
}

/** One rule per list of ports and kind of source, in the order of the lists; a source is never empty or left out (Z11). */
export function rulesOf(table: CallersByPorts): readonly Rule[] {
  const rules: Rule[] = [];
  for (const [ports, callers] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const to: Rule['to'] = [{ operation: { ports: ports.split(',') } }];
    if (callers.principals.length > 0) {
      rules.push({ from: [{ source: { principals: sortedOnce(callers.principals) } }], to });
    }
    // Z4 forbids a negative source alone, because it admits callers without identity. Here they are meant, and nobody
    // else: with `ipBlocks` it also keeps a meshed pod out whose address lies in the range.
    if (callers.anyone) {
      rules.push({ from: [{ source: { notPrincipals: ['*'] } }], to });
    } else if (callers.blocks.length > 0) {
      rules.push({ from: [{ source: { ipBlocks: sortedOnce(callers.blocks), notPrincipals: ['*'] } }], to });
    }
  }
  return rules;
}

/** Sorted, each once. Callers arrive sorted by key, so mostly nothing is to be done. */
function sortedOnce(texts: readonly string[]): readonly string[] {
  return texts.every((text, index) => index === 0 || (texts[index - 1] ?? '') < text)
    ? texts
    : [...new Set(texts)].sort();
}
