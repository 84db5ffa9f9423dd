import { at } from '../../kube/index.ts';

/** What is to be said in a condition; when it began to be true is worked out from what was said before. */
export interface Verdict {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word in PascalCase. */
  readonly reason: string;
  readonly message: string;
}

/** A condition as it is stored. */
export interface Condition extends Verdict {
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

export type Phase = 'Pending' | 'Ready' | 'Degraded' | 'Failed';

export interface Status {
  readonly phase: Phase;
  readonly conditions: readonly Condition[];
  /** The last field in time: whoever sees it sees the rest for this generation. */
  readonly observedGeneration: number;
}

const MAX_MESSAGE = 2000;

/** The conditions of `generation`, in the order given; each keeps its time while its status stays the same. */
export function conditionsOf(
  verdicts: readonly Verdict[],
  before: readonly Condition[],
  generation: number,
  now: string,
): readonly Condition[] {
  return verdicts.map(({ type, status, reason, message }) => {
    const old = before.find((each) => each.type === type);
    return {
      type,
      status,
      reason,
      message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message,
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : now,
      observedGeneration: generation,
    };
  });
}

/** Reads the `status` of a stored object; undefined where there is none, or none of this shape. */
export function readStatus(raw: unknown): Status | undefined {
  const phase = at(raw, 'phase');
  const observedGeneration = at(raw, 'observedGeneration');
  if (!isPhase(phase) || typeof observedGeneration !== 'number') return undefined;
  return { phase, observedGeneration, conditions: readConditions(at(raw, 'conditions')) };
}

/** Reads a list of conditions as any API writes them; what is none is left out. */
export function readConditions(raw: unknown): readonly Condition[] {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [];
  return list.flatMap((each): Condition[] => {
    const type = text(at(each, 'type'));
    const status = at(each, 'status');
    if (type === undefined || (status !== 'True' && status !== 'False' && status !== 'Unknown')) return [];
    const generation = at(each, 'observedGeneration');
    return [
      {
        type,
        status,
        reason: text(at(each, 'reason')) ?? '',
        message: text(at(each, 'message')) ?? '',
        lastTransitionTime: text(at(each, 'lastTransitionTime')) ?? '',
        observedGeneration: typeof generation === 'number' ? generation : 0,
      },
    ];
  });
}

/** Whether both say the same, whenever it began. */
export function saysTheSame(a: Status, b: Status): boolean {
  return (
    a.phase === b.phase &&
    a.observedGeneration === b.observedGeneration &&
    a.conditions.every((condition) => {
      const other = b.conditions.find(({ type }) => type === condition.type);
      return (
        other !== undefined &&
        other.status === condition.status &&
        other.reason === condition.reason &&
        other.message === condition.message &&
        other.observedGeneration === condition.observedGeneration
      );
    })
  );
}

function isPhase(value: unknown): value is Phase {
  return value === 'Pending' || value === 'Ready' || value === 'Degraded' || value === 'Failed';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
