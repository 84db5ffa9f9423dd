// Reads and writes one coordination.k8s.io Lease, always against the version that was read.
import type { Client } from '../client/index.ts';
import { at, stringAt } from '../json.ts';
import { apiVersionOf, untyped } from '../kind.ts';
import type { KubeObject } from '../object.ts';
import type { LeaseRecord } from './lease-state.ts';

export interface LeaseStore {
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>;
  /** Writes `next` if the Lease is still as in `previous`; else rejects with `conflict` or `alreadyExists`. */
  write(next: LeaseRecord, previous: LeaseRecord | undefined, signal: AbortSignal): Promise<LeaseRecord>;
}

const LEASE = untyped({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
});

/** The Lease of this name, which need not exist yet. Its requests are urgent: they pass the fence and wait for no others. */
export function leaseStore(client: Client, namespace: string, name: string): LeaseStore {
  const ref = { namespace, name };
  return {
    async read(signal) {
      const lease = await client.find(LEASE, ref, { signal, urgent: true });
      return lease && recordOf(lease);
    },
    async write(next, previous, signal) {
      const call = { signal, urgent: true };
      if (previous === undefined) {
        const lease = { apiVersion: apiVersionOf(LEASE), kind: LEASE.kind, metadata: ref, spec: specOf(next) };
        return recordOf(await client.create(LEASE, lease, call));
      }
      const patch = { metadata: { resourceVersion: previous.version }, spec: specOf(next) };
      return recordOf(await client.mergePatch(LEASE, ref, patch, call));
    },
  };
}

function specOf(record: LeaseRecord): unknown {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1000)),
    acquireTime: record.acquireTime,
    renewTime: record.renewTime,
    leaseTransitions: record.transitions,
  };
}

function recordOf(lease: KubeObject): LeaseRecord {
  const [seconds, transitions] = [at(lease, 'spec', 'leaseDurationSeconds'), at(lease, 'spec', 'leaseTransitions')];
  return {
    holder: stringAt(lease, 'spec', 'holderIdentity') ?? '',
    durationMs: typeof seconds === 'number' ? seconds * 1000 : 0,
    acquireTime: stringAt(lease, 'spec', 'acquireTime') ?? '',
    renewTime: stringAt(lease, 'spec', 'renewTime') ?? '',
    transitions: typeof transitions === 'number' ? transitions : 0,
    version: lease.metadata.resourceVersion ?? '',
  };
}
