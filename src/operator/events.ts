import { randomBytes } from 'node:crypto';
import { apiVersionOf, type Client, type Clock, type Kind, type KubeError, type Ref, untyped } from '../kube/index.ts';
import type { Log } from './context.ts';

/** What happened to an object, for people: `kubectl describe` and `kubectl events` show it for an hour. */
export interface Happening {
  readonly kind: Kind;
  readonly ref: Ref;
  readonly uid: string;
  readonly type: 'Normal' | 'Warning';
  /** One word in PascalCase: why. */
  readonly reason: string;
  /** One word in PascalCase: what was being done. */
  readonly action: string;
  readonly note: string;
}

export interface Events {
  /** Tells of it, unless too much was told lately. What fails is logged, and not tried again: events are not state. */
  tell(happening: Happening, signal: AbortSignal): Promise<void>;
}

const EVENT = untyped({ group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', namespaced: true });
/** Tokens that may be there at once, and that come back each second. */
const BURST = 50;
const PER_SECOND = 2;
/** The API's own limit, in bytes of UTF-8. */
const MAX_NOTE = 1024;

export function openEvents(client: Client, clock: Clock, identity: string, log: Log): Events {
  let tokens = BURST;
  let at = clock.monotonic();
  const mayTell = (): boolean => {
    const now = clock.monotonic();
    tokens = Math.min(BURST, tokens + ((now - at) / 1000) * PER_SECOND);
    at = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
  return {
    async tell(happening, signal) {
      if (!mayTell()) {
        log.debug('event: left out, too many at once', { reason: happening.reason });
        return;
      }
      const event = { ...eventOf(happening, identity, clock.wall()) };
      await client.create(EVENT, event, { signal }).catch((error: KubeError) => {
        if (!signal.aborted) log.warn('event: not stored', { error, reason: happening.reason });
      });
    },
  };
}

function eventOf({ kind, ref, uid, type, reason, action, note }: Happening, identity: string, wall: number) {
  const namespace = ref.namespace ?? 'default';
  return {
    apiVersion: apiVersionOf(EVENT),
    kind: EVENT.kind,
    metadata: { namespace, name: `${ref.name}.${randomBytes(8).toString('hex')}` },
    eventTime: new Date(wall).toISOString().replace('Z', '000Z'),
    reportingController: 'lattice.dev/operator',
    reportingInstance: identity.slice(0, 128),
    type,
    reason: reason.slice(0, 128),
    action,
    note:
      Buffer.byteLength(note) > MAX_NOTE
        ? `${Buffer.from(note)
            .subarray(0, MAX_NOTE - 8)
            .toString('utf8')}…`
        : note,
    regarding: { apiVersion: apiVersionOf(kind), kind: kind.kind, namespace, name: ref.name, uid },
  };
}
