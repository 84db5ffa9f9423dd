import type { Edge } from '../graph/index.ts';
import { isOpen, shortestChain } from './explain/chain.ts';
import type { JudgedEdge } from './explain/closed-edges.ts';

/** One answer to "who may call whom". */
export interface Reach {
  readonly from: string;
  readonly to: string;
  /** Agreed ports of a direct edge, such as `http 80/TCP`; empty when only others lead there. */
  readonly ports: readonly string[];
  /** Parties on the shortest way, both ends included; two for a direct edge. */
  readonly via: readonly string[];
}

/**
 * Who may call whom over agreed edges: directly, or with `reachable` through others. `from` and `to` limit it to one
 * party each (`ns/name`, `external:ns/name`, `builtin:name`). Sorted by from and to.
 */
export function queryReach(
  edges: readonly JudgedEdge[],
  { from, to, reachable }: { readonly from?: string; readonly to?: string; readonly reachable: boolean },
): readonly Reach[] {
  const open = edges.filter(isOpen);
  const direct = Map.groupBy(open, (edge) => `${edge.from}\n${edge.to}`);
  const pairs = reachable ? reachablePairs(open, from) : [...direct.keys()];
  return pairs
    .map((pair) => pair.split('\n'))
    .filter(([a, b]) => (from === undefined || a === from) && (to === undefined || b === to))
    .map(([a = '', b = '']) => {
      const own = direct.get(`${a}\n${b}`) ?? [];
      return {
        from: a,
        to: b,
        ports: own.map(portText),
        via: own.length > 0 ? [a, b] : (shortestChain(open, a, b) ?? [a, b]),
      };
    })
    .sort((x, y) => (`${x.from}\n${x.to}` < `${y.from}\n${y.to}` ? -1 : 1));
}

function reachablePairs(open: readonly Edge[], from: string | undefined): string[] {
  const next = Map.groupBy(open, (edge) => edge.from);
  const starts = from === undefined ? [...next.keys()] : [from];
  return starts.flatMap((start) => {
    const seen = new Set<string>();
    const frontier = [start];
    for (let here = frontier.pop(); here !== undefined; here = frontier.pop()) {
      for (const edge of next.get(here) ?? []) {
        if (seen.has(edge.to)) continue;
        seen.add(edge.to);
        frontier.push(edge.to);
      }
    }
    return [...seen].map((end) => `${start}\n${end}`);
  });
}

function portText({ port, host }: Edge): string {
  if (!port) return '';
  return `${host === undefined ? port.name : `${host}:`} ${port.port}/${port.protocol}`.replace(': ', ':');
}
