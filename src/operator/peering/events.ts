import { refOf } from '../../kube/index.ts';
import type { Events } from '../events.ts';
import type { Verdict } from '../status/index.ts';
import type { Declared } from './declared.ts';
import { PEERING } from './kinds.ts';

/** Tells whoever looks at the object that Ready has another reason. */
export type Recorder = (key: string, declared: Declared, ready: Verdict, signal: AbortSignal) => Promise<void>;

export function eventRecorder(events: Events): Recorder {
  return async (key, { uid }, { status, reason, message }, signal) => {
    await events.tell(
      {
        kind: PEERING,
        ref: refOf(key),
        uid,
        type: status === 'False' ? 'Warning' : 'Normal',
        reason: status === 'True' ? 'Synced' : reason,
        action: 'Reconcile',
        note: message,
      },
      signal,
    );
  };
}
