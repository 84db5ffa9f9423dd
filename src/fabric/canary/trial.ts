import type { Kernel } from '../kernel.ts';
import { CANARY_TABLE } from '../names.ts';
import { deleteTableScript } from '../script.ts';
import type { Hub } from './hub.ts';
import { judgeTrial, type Sights } from './judge.ts';
import { type CanaryPod, planTrial } from './plan.ts';
import { countScript, countsIn } from './table.ts';

export interface TrialTools {
  readonly kernel: Kernel;
  readonly hub: Hub;
  readonly port: number;
  readonly nodeAddresses: readonly string[];
  readonly random: () => number;
}

/** How long a canary waits for answers, and how much longer the agent waits for what it has to say. */
const WAIT_MS = 1000;
const GRACE_MS = 4000;

/**
 * Has the connected canaries send some datagrams, counts them where programs are hooked in, and judges. The table that
 * counts is there for these seconds only. Throws CommandError when the kernel refuses it.
 */
export async function runTrial(
  remote: CanaryPod | undefined,
  { kernel, hub, port, nodeAddresses, random }: TrialTools,
  signal: AbortSignal,
): Promise<Sights> {
  const local = hub.connected();
  const { orders, probes } = planTrial({ local, remote, nodeAddresses, random });
  if (probes.length === 0) return judgeTrial({ probes, outcomes: [], counts: undefined });
  const trial = Math.floor(random() * 2 ** 48).toString(16);
  await kernel.load(countScript(probes, port), signal);
  try {
    const asked = local.map(async (pod) => {
      const own = orders.get(pod.name) ?? [];
      const errand = { kind: 'errand', trial, port, waitMs: WAIT_MS, orders: own } as const;
      return own.length > 0 ? await hub.ask(pod, errand, WAIT_MS + GRACE_MS) : undefined;
    });
    const outcomes = (await Promise.all(asked)).filter((outcome) => outcome !== undefined);
    const counts = countsIn(await kernel.dump(CANARY_TABLE, signal), probes);
    return judgeTrial({ probes, outcomes, counts });
  } finally {
    // Also when the agent is told to end in the middle: a signal of its own.
    await kernel.load(deleteTableScript(CANARY_TABLE), AbortSignal.timeout(GRACE_MS));
  }
}
