import {
  type Applier,
  type Client,
  type Desired,
  KubeError,
  means,
  type Result,
  refOf,
  type Step,
  untyped,
} from '../../kube/index.ts';
import { DELETE_DATA } from '../../workload/index.ts';
import { CLAIM } from './kinds.ts';

export interface SettledWorkload {
  readonly writes: number;
  readonly failed: readonly { readonly id: string; readonly error: KubeError }[];
  readonly foreign: readonly string[];
}

/**
 * Makes the cluster hold what is desired of an owner: applies in the order given, then takes away the rest. Data is
 * kept: a claim goes only when it says so itself. One object that fails keeps no other from being written.
 */
export async function settleWorkload(
  owner: string,
  desired: readonly Desired[],
  { applier, client }: { readonly applier: Applier; readonly client: Client },
  signal: AbortSignal,
): Promise<SettledWorkload> {
  const results: Result[] = [];
  for (const step of applier.plan(owner, desired)) {
    try {
      if (takesData(step) && !(await mayGo(step.key, client, signal))) continue;
      results.push(await applier.perform(step, signal));
    } catch (error) {
      if (!(error instanceof KubeError) || means(error, 'aborted', 'fenced')) throw error;
      results.push({ id: step.id, did: 'failed', error });
    }
  }
  return {
    writes: results.filter(({ did }) => did === 'created' || did === 'updated' || did === 'deleted').length,
    failed: results.flatMap((result) => (result.did === 'failed' ? [{ id: result.id, error: result.error }] : [])),
    foreign: results.flatMap((result) => (result.did === 'refused' ? [result.id] : [])),
  };
}

type Taking = Extract<Step, { kind: 'delete' | 'check' }>;

function takesData(step: Step): step is Taking {
  return (step.kind === 'delete' || step.kind === 'check') && step.of.kind === CLAIM.kind && step.of.group === '';
}

async function mayGo(key: string, client: Client, signal: AbortSignal): Promise<boolean> {
  const claim = await client.find(untyped(CLAIM), refOf(key), { signal });
  return claim === undefined || claim.metadata.annotations?.[DELETE_DATA] === 'delete';
}
