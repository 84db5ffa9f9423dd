// Trust domains in rules, as istiod rewrites them for Envoy: aliases of the mesh's own are interchangeable.

/** Principals with every name of the mesh's trust domain; `cluster.local` always stands for it, unlike at ztunnel. */
export function withAliases(principals: readonly string[], trustDomains: readonly string[]): readonly string[] {
  return principals.flatMap((principal) => {
    const [domain = '', ...rest] = principal.split('/');
    // Anything but `<domain>/ns/<ns>/sa/<sa>` says nothing about the domain, nor does `*`.
    if (rest.length !== 4 || domain === '*') return [principal];
    if (domain !== 'cluster.local' && !trustDomains.some((own) => overlaps(domain, own))) return [principal];
    const replaced = trustDomains.map((own) => (hasSuffix(own, domain) ? principal : [own, ...rest].join('/')));
    return [...new Set(replaced)];
  });
}

/** Values of `trustDomains` with every alias of a value that names the mesh's own. */
export function expandTrustDomains(values: readonly string[], trustDomains: readonly string[]): readonly string[] {
  return [...new Set(values.flatMap((value) => (trustDomains.includes(value) ? trustDomains : [value])))];
}

/** The pattern may be on either side. */
function overlaps(left: string, right: string): boolean {
  return (
    left === right ||
    right === '*' ||
    hasPrefix(left, right) ||
    hasPrefix(right, left) ||
    hasSuffix(left, right) ||
    hasSuffix(right, left)
  );
}

function hasPrefix(text: string, pattern: string): boolean {
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1));
}

function hasSuffix(text: string, pattern: string): boolean {
  return pattern.startsWith('*') && text.endsWith(pattern.slice(1));
}
