import { type Client, type Clock, type KubeObject, means, type OwnerReference } from '../../kube/index.ts';
import { type FirewallConfiguration, type FirewallTable, lostIn, nextSwap } from '../../peering/index.ts';
import { FIREWALL } from './kinds.ts';
import { membersPatch } from './patch.ts';
import { nodeConditions, type StoredFirewall } from './read-firewall.ts';
import type { Cache } from './stored.ts';

/** How long nodes of Liqo are given to apply a version: they do not say which one they have applied. */
const APPLY_MS = 5000;

export interface LiqoEnforcer {
  /** Brings the stored object towards `desired`. `again`: come back after so many milliseconds. */
  ensure(desired: FirewallConfiguration, owner: OwnerReference, signal: AbortSignal): Promise<LiqoProgress>;
  /** Disarms, waits and deletes. Resolves to the milliseconds after which to come again; undefined when it is gone. */
  remove(key: string, hurry: boolean, signal: AbortSignal): Promise<number | undefined>;
}

export interface LiqoProgress {
  readonly again: number | undefined;
  readonly writes: number;
  /** Path of the first field that the API server did not keep. */
  readonly lost: string | undefined;
}

export function openLiqoEnforcer(client: Client, clock: Clock, cache: Cache<StoredFirewall>): LiqoEnforcer {
  /** When what is stored was written, by key: a new process waits anew. */
  const written = new Map<string, { readonly what: string; readonly at: number }>();
  const since = (key: string, what: string): number => {
    const known = written.get(key);
    if (known?.what === what) return clock.monotonic() - known.at;
    written.set(key, { what, at: clock.monotonic() });
    return 0;
  };
  const store = (
    key: string,
    object: FirewallConfiguration,
    owner: OwnerReference | undefined,
    answer: KubeObject,
  ): string | undefined => {
    const lost = lostIn(object.spec, 'spec' in answer ? answer.spec : undefined);
    // What is stored then, the watch tells.
    if (lost !== undefined) return lost;
    const value: StoredFirewall = {
      object,
      owner: owner ? `${object.metadata.namespace}/${owner.name}` : cache.get(key)?.value.owner,
      conditions: nodeConditions(answer),
    };
    cache.wrote(key, { value, version: answer.metadata.resourceVersion ?? '' });
    return undefined;
  };
  const apply = async (
    key: string,
    object: FirewallConfiguration,
    owner: OwnerReference | undefined,
    signal: AbortSignal,
  ) => {
    const metadata = owner ? { ...object.metadata, ownerReferences: [owner] } : object.metadata;
    return store(key, object, owner, await client.apply(FIREWALL, { ...object, metadata }, { signal, force: true }));
  };
  return {
    async ensure(desired, owner, signal) {
      const key = `${desired.metadata.namespace}/${desired.metadata.name}`;
      const stored = cache.get(key);
      if (!stored) return { again: undefined, writes: 1, lost: await apply(key, desired, owner, signal) };
      const { table } = stored.value.object.spec;
      const now = nextSwap(stored.value.object, desired, false);
      const isSwapping = now.kind !== 'settled' && now.kind !== 'members';
      const joined = isSwapping ? since(key, chainsOf(table)) : 0;
      const step = joined < APPLY_MS ? now : nextSwap(stored.value.object, desired, true);
      switch (step.kind) {
        case 'settled':
          written.delete(key);
          return { again: undefined, writes: 0, lost: undefined };
        case 'waiting':
          return { again: APPLY_MS - joined, writes: 0, lost: undefined };
        case 'members':
        case 'join':
        case 'finish': {
          const meant = { ...desired, spec: { table: step.table } };
          const patch = membersPatch(table, step.table, stored.version);
          const lost = patch
            ? store(key, meant, owner, await client.jsonPatch(FIREWALL, desired.metadata, patch, { signal }))
            : await apply(key, meant, owner, signal);
          if (step.kind !== 'join') {
            written.delete(key);
            return { again: undefined, writes: 1, lost };
          }
          return { again: APPLY_MS - since(key, chainsOf(step.table)), writes: 1, lost };
        }
      }
    },
    async remove(key, hurry, signal) {
      const stored = cache.get(key);
      if (!stored) return undefined;
      const { object } = stored.value;
      // Liqo leaves tables behind on nodes that did not see the deletion: an empty one does no harm.
      if (object.spec.table.chains.length > 0) {
        const { sets, ...table } = object.spec.table;
        await apply(
          key,
          { ...object, spec: { table: { ...table, ...(sets ? { sets: [] } : {}), chains: [] } } },
          undefined,
          signal,
        );
        since(key, 'disarmed');
        if (!hurry) return APPLY_MS;
      }
      const waited = since(key, 'disarmed');
      if (!hurry && waited < APPLY_MS) return APPLY_MS - waited;
      try {
        await client.delete(FIREWALL, object.metadata, { signal });
      } catch (error) {
        if (!means(error, 'notFound')) throw error;
      }
      // What Liqo's own finalizer does then is Liqo's: if Liqo is gone, nobody waits for it.
      cache.wrote(key, undefined);
      written.delete(key);
      return undefined;
    },
  };
}

function chainsOf({ chains }: FirewallTable): string {
  return JSON.stringify(chains.map(({ name }) => name));
}
