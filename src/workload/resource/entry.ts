import type { LatticeService, ServiceResource } from '../../api/index.ts';

/** What an entry of `resources` is about. */
export type EntryKind = 'service' | 'external_service' | 'builtin' | 'volume' | 'class';

export function entryKind({ type = 'service' }: ServiceResource): EntryKind {
  return type === 'service' || type === 'external_service' || type === 'builtin' || type === 'volume' ? type : 'class';
}

/** The peer's key, `namespace/name`; `*` stays a name. */
export function peerKey(entry: string, resource: ServiceResource, own: string): string {
  const id = resource.id ?? entry;
  return id.includes('/') ? id : `${resource.namespace ?? own}/${id}`;
}

export function isOutbound({ direction = 'outbound' }: ServiceResource): boolean {
  return direction !== 'inbound';
}

/** The entries of `resources`, sorted by name. */
export function entriesOf(service: LatticeService): readonly (readonly [string, ServiceResource])[] {
  return Object.entries(service.spec.resources ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
