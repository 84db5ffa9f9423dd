import type { Finding } from '../../api/index.ts';
import { findingsOfExternal, findingsOfService, type UnitKey } from '../../graph/index.ts';
import type { Compiled } from '../../policy/index.ts';
import type { ControllerContext } from '../context.ts';
import { openEvents } from '../events.ts';
import type { Opinion } from '../foreign/index.ts';
import { decideExternalStatus } from './decide-external-status.ts';
import { decideServiceStatus, type Refusal } from './decide-status.ts';
import type { Inputs } from './inputs.ts';
import { LATTICE_EXTERNAL_SERVICE, LATTICE_SERVICE } from './kinds.ts';
import type { Fate } from './order-steps.ts';
import type { Outputs } from './outputs.ts';
import { openParts } from './parts.ts';
import { type Settled, type SettleOptions, settleUnit } from './settle-unit.ts';
import type { Turns } from './turns.ts';
import type { World } from './world.ts';
import { statusWriter } from './write-status.ts';

/** Milliseconds after which a unit that has to let others go first comes again. */
const AGAIN_MS = 15;
/** Milliseconds after which a unit comes again whose peers may have gone with the definition of their kind. */
const UNCERTAIN_MS = 1000;

export interface ReconcilerOptions {
  readonly context: ControllerContext;
  readonly world: World;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly turns: Turns;
  readonly confirmGone: SettleOptions['confirmGone'];
  readonly failures: (owner: string) => number;
  /** Whether the declarations that went were revoked. */
  readonly isCertain: () => Promise<boolean>;
  /** Why nothing may be written now; empty when it may. */
  readonly closed: () => readonly Refusal[];
  readonly weak: () => readonly Refusal[];
  /** What policies of other authors do at the doors of a service. */
  readonly opinionOf: (key: string) => Opinion;
  /** Owners of the peers that a service had when it was taken away. */
  readonly peersOf: (owner: string) => readonly string[];
}

export interface Reconciler {
  unit(owner: string, signal: AbortSignal): Promise<number | undefined>;
  external(key: string, signal: AbortSignal): Promise<undefined>;
  /** Whether a declaration has nothing new to say: its status is as it was last written, for its generation. */
  isEcho(kind: 'service' | 'external', key: string): boolean;
}

/** Makes one unit true and says how it went. Decisions are in the functions it calls. */
export function openReconciler(options: ReconcilerOptions): Reconciler {
  const { context, world, inputs, outputs, turns } = options;
  const parts = openParts();
  const events = openEvents(context.client, context.clock, context.identity, context.log);
  const statuses = statusWriter(context.client, context.clock);
  const lastSettled = new Map<string, Settled>();
  const writes = context.metrics.counter({
    name: 'lattice_object_writes_total',
    help: 'Objects of the engines that were created, changed or deleted.',
  });

  const settle = async (
    owner: string,
    unit: UnitKey | undefined,
    compiled: Compiled,
    fate: Fate,
    signal: AbortSignal,
  ): Promise<Settled> => {
    for (const draft of compiled.drafts) parts.note(outputs.kindOf(draft.object.apiVersion, draft.object.kind), draft);
    const namespaceOwner =
      unit?.kind === 'service' && world.isManaged(unit.namespace)
        ? world.ownerOf({ kind: 'namespace', namespace: unit.namespace })
        : undefined;
    const settled = await settleUnit(
      { owner, unit, drafts: compiled.drafts, fate, namespaceOwner, peers: options.peersOf(owner) },
      { outputs, turns, partOf: (id) => parts.of(id), confirmGone: options.confirmGone, failures: options.failures },
      signal,
    );
    if (settled.writes > 0) {
      writes.add({}, settled.writes);
      context.log.info('objects: written', {
        owner,
        unit: unit ? titleOf(unit) : 'unknown',
        writes: settled.writes,
        fate,
      });
    }
    return settled;
  };
  const tell = async (unit: UnitKey, owner: string, compiled: Compiled, signal: AbortSignal): Promise<void> => {
    if (unit.kind !== 'service') {
      logFindings(context, owner, compiled.findings);
      return;
    }
    const key = `${unit.namespace}/${unit.name}`;
    const declaration = inputs.service(key);
    if (!declaration) return statuses.forget(LATTICE_SERVICE, key);
    const decided = decideServiceStatus({
      issues: declaration.issues,
      findings: findingsOfService(world.graph(), key),
      compiled: compiled.findings,
      mode: declaration.value?.spec.mode ?? 'enforce',
      managed: world.isManaged(unit.namespace),
      closed: options.closed(),
      settled: lastSettled.get(owner),
      missing: outputs.missing().map(({ engine, kind }) => ({ engine, kind: kind.kind })),
      rejections: outputs.rejections(owner),
      weak: options.weak(),
      foreign: options.opinionOf(key),
      before: declaration.status?.conditions.find(({ type }) => type === 'Exclusive'),
    });
    const change = await statuses.write(
      LATTICE_SERVICE,
      key,
      { ...declaration, version: inputs.versionOf('service', key) },
      decided,
      signal,
    );
    if (change) {
      const [ready] = decided.verdicts;
      context.log.info('status: changed', { service: key, phase: decided.phase, reason: ready?.reason ?? '' });
      const before = change.before?.conditions.find(({ type }) => type === ready?.type);
      if (ready && (before?.status !== ready.status || before.reason !== ready.reason)) {
        const happening = {
          kind: LATTICE_SERVICE,
          ref: { namespace: unit.namespace, name: unit.name },
          uid: declaration.uid,
          type: ready.status === 'False' ? ('Warning' as const) : ('Normal' as const),
          reason: ready.reason,
          action: 'Reconcile',
          note: ready.message,
        };
        // Nobody waits for what people read.
        void events.tell(happening, signal);
      }
    }
  };
  return {
    isEcho(kind, key) {
      const declaration = kind === 'service' ? inputs.service(key) : inputs.external(key);
      const of = kind === 'service' ? LATTICE_SERVICE : LATTICE_EXTERNAL_SERVICE;
      return declaration !== undefined && statuses.isEcho(of, key, declaration);
    },
    async unit(owner, signal) {
      if (options.closed().length === 0 && !(await options.isCertain())) return UNCERTAIN_MS;
      const unit = world.unitOf(owner);
      const compiled = unit ? world.compile(unit) : NOTHING;
      const fate = unit ? fateOf(unit, compiled, world, inputs) : 'gone';
      let settled: Settled | undefined;
      if (options.closed().length === 0 && fate !== 'held') {
        settled = await settle(owner, unit, compiled, fate, signal);
        if (fate === 'gone' && !settled.waits) lastSettled.delete(owner);
        else lastSettled.set(owner, settled);
      } else {
        turns.revoked(owner, turns.begin(owner));
        lastSettled.delete(owner);
      }
      const [failed] = settled?.failed ?? [];
      // The first failure in a row mostly heals by itself, and is not worth a condition.
      if (unit && (!failed || options.failures(owner) > 0)) await tell(unit, owner, compiled, signal);
      if (failed) {
        turns.revoked(owner, turns.begin(owner));
        throw failed.error;
      }
      return settled?.waits === true ? AGAIN_MS : undefined;
    },
    async external(key, signal) {
      const declaration = inputs.external(key);
      if (!declaration) {
        statuses.forget(LATTICE_EXTERNAL_SERVICE, key);
        return undefined;
      }
      const decided = decideExternalStatus(declaration.issues, findingsOfExternal(world.graph(), key));
      const stored = { ...declaration, version: inputs.versionOf('external', key) };
      await statuses.write(LATTICE_EXTERNAL_SERVICE, key, stored, decided, signal);
      return undefined;
    },
  };
}

const NOTHING: Compiled = { drafts: [], findings: [] };

/**
 * What becomes of the unit. `held`: it is declared, but cannot be compiled or read. Then its objects stay, because
 * without them its pods would be open; its agreements close at the peers.
 */
function fateOf(unit: UnitKey, { drafts, findings }: Compiled, world: World, inputs: Inputs): Fate | 'held' {
  const graph = world.graph();
  switch (unit.kind) {
    case 'service': {
      const key = `${unit.namespace}/${unit.name}`;
      const view = graph.service(key);
      if (!view) return inputs.service(key) ? 'held' : 'gone';
      if (view.self.mode === 'shadow') return 'leaving';
      return view.self.barred !== undefined || isRefusedWhole(drafts, findings) ? 'held' : 'enforced';
    }
    case 'namespace':
      if (!graph.namespace(unit.namespace).managed) return 'leaving';
      return isRefusedWhole(drafts, findings) ? 'held' : 'enforced';
    case 'host':
      return graph.host(unit.host) ? 'enforced' : 'gone';
    case 'egress-waypoint':
      return graph.egressWaypoint() ? 'enforced' : 'gone';
  }
}

function isRefusedWhole(drafts: Compiled['drafts'], findings: readonly Finding[]): boolean {
  return drafts.length === 0 && findings.some(({ severity }) => severity === 'error');
}

function logFindings({ log }: ControllerContext, owner: string, findings: readonly Finding[]): void {
  for (const { code, message, severity } of findings) {
    if (severity === 'error') log.warn('compile: refused', { owner, code, detail: message });
  }
}

function titleOf(unit: UnitKey): string {
  switch (unit.kind) {
    case 'service':
      return `LatticeService ${unit.namespace}/${unit.name}`;
    case 'namespace':
      return `Namespace ${unit.namespace}`;
    case 'host':
      return `host ${unit.host}`;
    case 'egress-waypoint':
      return 'egress waypoint';
  }
}
