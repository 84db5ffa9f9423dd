import type { Workload } from '../../graph/index.ts';

/**
 * The principals of a workload's pods: sorted, several while a ServiceAccount rolls out, none for an unusable trust domain.
 * A sole one comes without a list around it, which would be read at every edge.
 */
export type PrincipalsOf = (workload: Workload) => string | readonly string[];

/**
 * Hands out one {@link PrincipalsOf} per trust domain. Each workload's strings are made once, because a hub's callers
 * are the callers of many services.
 */
export function principalBooks(): (trustDomain: string) => PrincipalsOf {
  const books = new Map<string, PrincipalsOf>();
  return (trustDomain) => {
    const known = books.get(trustDomain);
    if (known) return known;
    const book = bookOf(trustDomain);
    books.set(trustDomain, book);
    return book;
  };
}

/** `<trust domain>/ns/<namespace>/sa/<account>`, without `spiffe://`: ztunnel takes the scheme off the peer (I4). */
export function principalOf(trustDomain: string, namespace: string, account: string): string {
  return `${trustDomain}/ns/${namespace}/sa/${account}`;
}

/** What SPIFFE allows as a trust domain. A `*` in it would be a wildcard in every principal (I4, Z10). */
export function isTrustDomain(text: string): boolean {
  return text.length <= 255 && /^[a-z0-9._-]+$/.test(text);
}

function bookOf(trustDomain: string): PrincipalsOf {
  if (!isTrustDomain(trustDomain)) return () => [];
  const made = new WeakMap<Workload, string | readonly string[]>();
  return (workload) => {
    const known = made.get(workload);
    if (known !== undefined) return known;
    const principals = workload.accounts.map((account) => principalOf(trustDomain, workload.namespace, account));
    const [sole = principals] = principals.length === 1 ? principals : [];
    made.set(workload, sole);
    return sole;
  };
}
