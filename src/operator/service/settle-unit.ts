import { type Desired, type KindName, KubeError, means, type Result, type Step } from '../../kube/index.ts';
import type { UnitKey } from '../../graph/index.ts';
import type { Draft, Part } from '../../policy/index.ts';
import { type Fate, orderSteps, type Phase } from './order-steps.ts';
import type { Outputs } from './outputs.ts';
import type { Turns } from './turns.ts';

/** What is to be made true for one unit. */
export interface Wish {
  readonly owner: string;
  readonly unit: UnitKey | undefined;
  readonly drafts: readonly Draft[];
  readonly fate: Fate;
  /** The owner of its namespace's default deny, where there is one. */
  readonly namespaceOwner: string | undefined;
  /** Whose revocations come before its last deny goes. */
  readonly peers: readonly string[];
}

/** What came of it. */
export interface Settled {
  readonly writes: number;
  readonly failed: readonly { readonly id: string; readonly error: KubeError }[];
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Kinds that could not be written because they are not installed. */
  readonly missing: readonly string[];
  /** Somebody else goes first; come again. */
  readonly waits: boolean;
}

export interface SettleOptions {
  readonly outputs: Outputs;
  readonly turns: Turns;
  readonly partOf: (id: string) => Part;
  /** Asked once before anything of a unit that nobody declares is taken away: is that so? Rejects when not sure. */
  readonly confirmGone: (signal: AbortSignal) => Promise<boolean>;
  /** Failures in a row of this owner: who fails for long no longer keeps its default deny from standing. */
  readonly failures: (owner: string) => number;
}

/** Failures that time heals: worth another try before anything that depends on them. */
const PASSING = ['conflict', 'throttled', 'timeout', 'unavailable', 'serverError', 'unreachable', 'expired'] as const;
const PATIENCE = 5;

/** Writes what differs between a wish and the cluster, in the order of orderSteps and of its turns. */
export async function settleUnit(wish: Wish, options: SettleOptions, signal: AbortSignal): Promise<Settled> {
  const { outputs, turns } = options;
  const token = turns.begin(wish.owner);
  const desired = wish.drafts.map(
    ({ object }): Desired => ({ kind: outputs.kindOf(object.apiVersion, object.kind), object }),
  );
  const missing = new Set(desired.filter(({ kind }) => !outputs.ready(kind)).map(({ kind }) => kind.kind));
  const steps = outputs.applier.plan(wish.owner, desired).filter((step) => outputs.ready(kindOf(step, outputs)));
  const results: Result[] = [];
  const end = (waits: boolean): Settled => ({ ...summed(results), missing: [...missing].sort(), waits });

  const phases = orderSteps(steps, options.partOf, wish.fate);
  const applies = phases.filter(({ does }) => does === 'apply');
  const prunes = phases.filter(({ does }) => does === 'prune');
  for (const phase of applies) {
    if (phase.part === 'deny') {
      if (!turns.mayDeny(wish.unit)) return end(true);
      if (isTroubled(results, options.failures(wish.owner))) return end(false);
    }
    results.push(...(await performAll(phase, outputs, signal)));
  }
  turns.applied(wish.owner, token);
  if (prunes.length > 0) {
    // What moved to another object must stand there before it goes here.
    if (isTroubled(results, options.failures(wish.owner))) return end(false);
    if (!turns.mayPrune(wish.unit, wish.namespaceOwner)) return end(true);
    if (wish.fate === 'gone' && !(await options.confirmGone(signal))) return end(true);
  }
  const unsure = results.some(({ did }) => did === 'failed' || did === 'refused');
  for (const phase of prunes) {
    if (phase.part === 'deny') {
      if (unsure && wish.fate === 'enforced') continue;
      if (wish.fate === 'gone') {
        turns.revoked(wish.owner, token);
        if (!turns.haveRevoked(wish.peers)) return end(true);
      }
    }
    results.push(...(await performAll(phase, outputs, signal)));
  }
  turns.revoked(wish.owner, token);
  return end(false);
}

function isTroubled(results: readonly Result[], failures: number): boolean {
  return failures < PATIENCE && results.some((result) => result.did === 'failed' && means(result.error, ...PASSING));
}

/** Does all steps of a phase at once: one that fails keeps no other from being done. */
async function performAll({ steps }: Phase, { applier }: Outputs, signal: AbortSignal): Promise<readonly Result[]> {
  return await Promise.all(
    steps.map(async (step): Promise<Result> => {
      try {
        return await applier.perform(step, signal);
      } catch (error) {
        if (!(error instanceof KubeError) || means(error, 'aborted', 'fenced')) throw error;
        return { id: step.id, did: 'failed', error };
      }
    }),
  );
}

function kindOf(step: Step, outputs: Outputs): KindName {
  switch (step.kind) {
    case 'create':
    case 'update':
    case 'wait':
      return step.desired.kind;
    case 'delete':
    case 'check':
      return step.of;
    case 'refuse': {
      const [apiVersion = '', kind = ''] = (step.id.split(' ')[0] ?? '').split(/\/(?=[^/]*$)/);
      return outputs.kindOf(apiVersion, kind);
    }
  }
}

function summed(results: readonly Result[]): Pick<Settled, 'writes' | 'failed' | 'refused'> {
  return {
    writes: results.filter(({ did }) => did === 'created' || did === 'updated' || did === 'deleted').length,
    failed: results.flatMap((result) => (result.did === 'failed' ? [{ id: result.id, error: result.error }] : [])),
    refused: results.flatMap((result) => (result.did === 'refused' ? [{ id: result.id, reason: result.reason }] : [])),
  };
}
