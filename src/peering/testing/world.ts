import fc from 'fast-check';
import { configuration, localNetwork, node, offloading, peerNetwork, pod, type RawObject } from './objects.ts';

/** One thing that happens in a random cluster: an object as it is now, or gone. */
export interface Happening {
  readonly object: RawObject;
  readonly gone: boolean;
}

const namespaces = ['demo', 'shop', 'demo-rome'];
const addresses = ['10.200.0.1', '10.200.0.2', '10.200.0.3', '10.61.0.1', '10.61.0.2', '10.62.0.1'];

const podWords = fc.record(
  {
    ip: fc.constantFrom(...addresses),
    node: fc.constantFrom('rome', 'rome-gpu', 'milan', 'worker'),
    shadow: fc.boolean(),
    origin: fc.constantFrom('rome', 'milan'),
    phase: fc.constantFrom('Running', 'Pending', 'Succeeded'),
    leaving: fc.boolean(),
    hostNetwork: fc.boolean(),
  },
  { requiredKeys: [] },
);

const aPod = fc
  .tuple(fc.constantFrom(...namespaces), fc.constantFrom('a', 'b', 'c'), podWords)
  .map(([namespace, name, { hostNetwork, ...words }]) => {
    // Most pods have a network of their own.
    return pod(namespace, name, {
      ...words,
      ...(words.node === 'worker' && hostNetwork === true ? { hostNetwork } : {}),
    });
  });

const others = fc.constantFrom(
  node('rome-gpu', 'rome'),
  node('rome-gpu', 'milan'),
  node('rome'),
  node('worker'),
  offloading('demo'),
  offloading('shop'),
  localNetwork('10.200.0.0/16'),
  peerNetwork('rome', '10.61.0.0/16'),
  peerNetwork('rome', '10.62.0.0/16', 'rome-pod-10-62-0-0-16'),
  configuration('rome', ['10.200.0.0/16'], ['10.61.0.0/16']),
);

export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.record({
    object: fc.oneof({ weight: 3, arbitrary: aPod }, { weight: 1, arbitrary: others }),
    gone: fc.constantFrom(false, false, true),
  }),
  { minLength: 1, maxLength: 25 },
);

const party = fc.oneof(
  fc.constantFrom(
    { group: 'local-cluster' },
    { group: 'remote-cluster' },
    { group: 'offloaded' },
    { group: 'vc-local' },
    { group: 'vc-remote' },
    { group: 'private-subnets' },
  ),
  fc.constantFrom(...namespaces).map((namespace) => ({ namespace })),
);

export interface RawParty {
  readonly group?: string;
  readonly namespace?: string;
}

export interface RawRule {
  readonly action: 'allow' | 'deny';
  readonly source?: RawParty;
  readonly destination?: RawParty;
}

export const someRules: fc.Arbitrary<readonly RawRule[]> = fc.array(
  fc.record(
    { action: fc.constantFrom('allow' as const, 'deny' as const), source: party, destination: party },
    { requiredKeys: ['action'] },
  ),
  { maxLength: 6 },
);

/** Every address that pods of a random cluster have, and one inside and one outside of each range. */
export const askedAddresses: readonly string[] = [...addresses, '10.61.9.9', '10.200.9.9', '192.168.0.1', '1.1.1.1'];

/** What is there after everything has happened, by kind, namespace and name. */
export function presentAfter(events: readonly Happening[]): readonly RawObject[] {
  const present = new Map<string, RawObject>();
  for (const { object, gone } of events) {
    const key = keyOf(object);
    if (gone) present.delete(key);
    else present.set(key, object);
  }
  return [...present.values()];
}

function keyOf({ kind, metadata }: RawObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
