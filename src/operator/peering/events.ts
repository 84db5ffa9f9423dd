import { type Client, type Clock, refOf } from '../../kube/index.ts';
import type { Verdict } from '../status/index.ts';
import type { Declared } from './declared.ts';
import { EVENT } from './kinds.ts';

/** Tells whoever looks at the object that Ready has another reason. */
export type Recorder = (key: string, declared: Declared, ready: Verdict, signal: AbortSignal) => Promise<void>;

export function eventRecorder(
  client: Client,
  clock: Clock,
  random: () => number,
  onLost: (error: unknown) => void,
): Recorder {
  return async (key, { uid }, { status, reason, message }, signal) => {
    const { namespace = '', name } = refOf(key);
    const now = `${new Date(clock.wall()).toISOString().slice(0, 19)}Z`;
    const suffix = Math.floor(random() * 2 ** 40).toString(16);
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name: `${name}.${clock.wall().toString(16)}${suffix}` },
      involvedObject: { apiVersion: 'security.liqo.io/v1', kind: 'PeeringConnectivity', namespace, name, uid },
      type: status === 'False' ? 'Warning' : 'Normal',
      reason: status === 'True' ? 'Synced' : reason,
      message: message.slice(0, 1000),
      source: { component: 'peeringconnectivity-controller' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    try {
      await client.create(EVENT, event, { signal });
    } catch (error) {
      // An event is news, not state: the condition says the same.
      onLost(error);
    }
  };
}
