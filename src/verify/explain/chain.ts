import type { JudgedEdge } from './closed-edges.ts';

/** The shortest way from one party to another over agreed edges that are open, both ends included; undefined when there is none. */
export function shortestChain(edges: readonly JudgedEdge[], from: string, to: string): readonly string[] | undefined {
  const previous = new Map<string, string>([[from, from]]);
  const next = Map.groupBy(edges.filter(isOpen), (edge) => edge.from);
  let frontier = [from];
  while (frontier.length > 0 && !previous.has(to)) {
    const reached: string[] = [];
    for (const here of frontier) {
      for (const edge of next.get(here) ?? []) {
        if (previous.has(edge.to)) continue;
        previous.set(edge.to, here);
        reached.push(edge.to);
      }
    }
    frontier = reached;
  }
  if (!previous.has(to) || from === to) return undefined;
  const chain = [to];
  for (let here = to; here !== from; ) {
    here = previous.get(here) ?? from;
    chain.unshift(here);
  }
  return chain;
}

/** Whether an edge carries traffic: agreed, and nothing refuses it. */
export function isOpen(edge: JudgedEdge): boolean {
  return edge.agreed && edge.barred === undefined && edge.closed === undefined;
}
