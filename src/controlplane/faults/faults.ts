import { type ApiError, conflict, expired, internalError, STALE, tooManyRequests } from '../api-error.ts';
import type { Resource } from '../kinds/resource.ts';

/** What can go wrong on purpose. */
export type Fault =
  /** The connection breaks; `after: 'write'` lets the write happen, so that only its answer is lost. */
  | { readonly kind: 'reset'; readonly after?: 'write' }
  /** The request is never answered; a watch falls silent but stays open. */
  | { readonly kind: 'freeze' }
  | { readonly kind: 'delay'; readonly millis: number }
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number }
  | { readonly kind: 'error' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'conflict' }
  /** A watch's next line breaks off in the middle, and the connection with it. */
  | { readonly kind: 'truncate' }
  /** A watch's next event comes twice, as after a reconnect. */
  | { readonly kind: 'duplicate' }
  /** A watch's next two events swap places if they are about different objects: no order is promised between objects. */
  | { readonly kind: 'reorder' };

/** Which requests a fault meets; what is left out matches everything. */
export interface Match {
  readonly method?: string;
  readonly plural?: string;
  readonly name?: string;
  readonly watch?: boolean;
}

export interface Seen {
  readonly method: string;
  readonly plural: string;
  readonly name: string;
  readonly watch: boolean;
}

export interface Faults {
  /** The next `times` matching requests meet the fault (default 1). Returns how to call it off. */
  readonly inject: (fault: Fault, match?: Match, times?: number) => () => void;
  /** The fault that this request meets, used up by it. */
  readonly meet: (seen: Seen) => Fault | undefined;
  readonly clear: () => void;
}

interface Pending {
  readonly fault: Fault;
  readonly match: Match;
  left: number;
}

export function createFaults(): Faults {
  let pending: Pending[] = [];
  return {
    inject(fault, match = {}, times = 1) {
      const entry = { fault, match, left: times };
      pending.push(entry);
      return () => {
        pending = pending.filter((other) => other !== entry);
      };
    },
    meet(seen) {
      const found = pending.find(({ match }) => matches(match, seen));
      if (!found) return undefined;
      found.left -= 1;
      if (found.left <= 0) pending = pending.filter((other) => other !== found);
      return found.fault;
    },
    clear() {
      pending = [];
    },
  };
}

const matches = (match: Match, seen: Seen): boolean =>
  (match.method === undefined || match.method === seen.method) &&
  (match.plural === undefined || match.plural === seen.plural) &&
  (match.name === undefined || match.name === seen.name) &&
  (match.watch === undefined || match.watch === seen.watch);

/** The error that a fault answers with; undefined for faults of the connection. */
export function faultError(fault: Fault, resource: Resource | undefined, name: string): ApiError | undefined {
  switch (fault.kind) {
    case 'busy':
      return tooManyRequests(fault.retryAfterSeconds);
    case 'error':
      return internalError('injected');
    case 'expired':
      return expired('too old resource version: 0 (1)');
    case 'conflict':
      return conflict(resource ?? { group: '', plural: 'objects' }, name, STALE);
    case 'reset':
    case 'freeze':
    case 'delay':
    case 'truncate':
    case 'duplicate':
    case 'reorder':
      return undefined;
  }
}
