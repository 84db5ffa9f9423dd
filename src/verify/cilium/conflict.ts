// Rules that the engine cannot merge: it then computes no policy at all for the endpoint.
import type { Proxy, Rule } from './rule.ts';

/** Two rules that cannot be merged for one subject; `rules` are all that select it in one direction, in order. */
export function findConflict(rules: readonly Rule[]): readonly [Rule, Rule] | undefined {
  if (!rules.some((rule) => rule.ports?.some(({ proxy }) => usesProxy(proxy)))) return undefined;
  const merged = new Map<string, Entry>();
  for (const rule of rules) {
    if (rule.peers === 'nobody') continue;
    for (const port of rule.ports ?? [])
      for (const peer of rule.peers) {
        const key = `${rule.tier} ${port.filter} ${peer.text}`;
        const conflict = merge(merged, key, { rule, proxy: port.proxy });
        if (conflict) return conflict;
      }
  }
  return undefined;
}

interface Entry {
  readonly rule: Rule;
  readonly proxy: Proxy;
}

function usesProxy(proxy: Proxy): boolean {
  return proxy.parser !== 'none' || proxy.settings.authentication !== '';
}

function merge(merged: Map<string, Entry>, key: string, added: Entry): readonly [Rule, Rule] | undefined {
  const existing = merged.get(key);
  if (!existing) {
    merged.set(key, added);
    return undefined;
  }
  // What takes precedence replaces or ignores the other and is not merged with it.
  if (existing.rule.priority < added.rule.priority || RANK[existing.rule.action] < RANK[added.rule.action])
    return undefined;
  if (RANK[existing.rule.action] > RANK[added.rule.action]) {
    merged.set(key, added);
    return undefined;
  }
  const proxy = mergeProxies(existing.proxy, added.proxy);
  if (!proxy) return [existing.rule, added.rule];
  merged.set(key, { rule: existing.rule, proxy });
  return undefined;
}

const RANK = { deny: 0, allow: 1, pass: 2 } as const;

function mergeProxies(a: Proxy, b: Proxy): Proxy | undefined {
  const parser = mergeParsers(a.parser, b.parser);
  if (parser === undefined) return undefined;
  for (const setting of ['authentication', 'terminatingTLS', 'originatingTLS'] as const)
    if (a.settings[setting] !== '' && b.settings[setting] !== '' && a.settings[setting] !== b.settings[setting])
      return undefined;
  const serverNames = a.serverNames || b.serverNames;
  const terminatesTls = a.terminatesTls || b.terminatesTls;
  if (serverNames && (parser === 'http' || parser === 'dns') && !terminatesTls) return undefined;
  return {
    parser,
    serverNames,
    terminatesTls,
    settings: {
      authentication: a.settings.authentication || b.settings.authentication,
      terminatingTLS: a.settings.terminatingTLS || b.settings.terminatingTLS,
      originatingTLS: a.settings.originatingTLS || b.settings.originatingTLS,
      listener: a.settings.listener || b.settings.listener,
    },
  };
}

function mergeParsers(a: Proxy['parser'], b: Proxy['parser']): Proxy['parser'] | undefined {
  if (a === b || a === 'none') return b;
  if (b === 'none') return a;
  return (a === 'tls' && b === 'http') || (a === 'http' && b === 'tls') ? 'http' : undefined;
}
