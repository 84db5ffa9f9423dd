import { isDeepStrictEqual } from 'node:util';
import { type Desired, type OwnerReference } from '../../kube/index.ts';
import { isCaller, keptInstance, type KeptInstance } from '../../workload/index.ts';
import type { ControllerContext } from '../context.ts';
import { LATTICE_SERVICE } from '../service/kinds.ts';
import type { WorkloadInputs } from './inputs.ts';
import { FINALIZER, MANAGER } from './kinds.ts';
import type { WorkloadOutputs } from './outputs.ts';
import { openRemains, type Remains, textOfRemains } from './remains.ts';
import { ensureSecret, type SecretBytes } from './secrets.ts';
import { settleWorkload, type SettledWorkload } from './settle.ts';
import { workloadStatusWriter } from './write-status.ts';
import type { Unit, WorkloadWorld } from './world.ts';

type Provided = NonNullable<Unit['instance']>;

export interface WorkloadReconcilerOptions {
  readonly context: ControllerContext;
  readonly world: WorkloadWorld;
  readonly inputs: WorkloadInputs;
  readonly outputs: WorkloadOutputs;
  readonly random: SecretBytes;
  /** The key of an owner; undefined for what an earlier process left. */
  readonly keyOf: (owner: string) => string | undefined;
  /** Told when a service waits for the pods of others, by key; with none when it waits no more. */
  readonly onWaiting: (key: string, others: readonly string[]) => void;
  /** Asked before anything of a service that nobody declares is taken away: is Lattice's definition served? */
  readonly confirmGone: (signal: AbortSignal) => Promise<boolean>;
}

/** Milliseconds after which a service whose pods are still there is looked at again, besides the event of each pod. */
const AGAIN_MS = 1000;

/** Makes what runs of one service true. Returns milliseconds after which to come again. */
export function openWorkloadReconciler(options: WorkloadReconcilerOptions) {
  const { context, world, inputs, outputs } = options;
  const { client, log } = context;
  const statuses = workloadStatusWriter(client, context.clock);
  /** Generated Secrets that are known to exist. */
  const secrets = new Set<string>();

  const settle = async (owner: string, desired: readonly Desired[], signal: AbortSignal): Promise<SettledWorkload> => {
    const settled = await settleWorkload(owner, desired, { applier: outputs.applier, client }, signal);
    if (settled.writes > 0) log.info('workload: written', { owner, writes: settled.writes });
    return settled;
  };
  const hold = async (key: string, uid: string, signal: AbortSignal): Promise<void> => {
    await client.apply(LATTICE_SERVICE, heldObject(key, uid, [FINALIZER]), { signal, force: true, manager: MANAGER });
  };
  const release = async (key: string, uid: string, signal: AbortSignal): Promise<void> => {
    await client.apply(LATTICE_SERVICE, heldObject(key, uid, undefined), { signal, force: true, manager: MANAGER });
    statuses.forget(key);
  };
  const remains = openRemains({ client, world, applier: outputs.applier });
  const isRemembered = (instance: Provided): boolean => {
    const kept = keptInstance(instance);
    return (
      !kept ||
      usersOf(instance, inputs).every(({ remembered }) => remembered.some((each) => isDeepStrictEqual(each, kept)))
    );
  };
  const secretOf = async ({ instance }: Unit, signal: AbortSignal): Promise<void> => {
    const secret = instance?.secret;
    if (!secret) return;
    const id = `${secret.namespace}/${secret.name}`;
    if (secrets.has(id)) return;
    const owners = secret.keep ? [] : usersOf(instance, inputs).map(({ reference }) => reference);
    const did = await ensureSecret(secret, owners, client, options.random, signal);
    secrets.add(id);
    if (did === 'created') log.info('secret: generated', { secret: id });
  };
  const desiredOf = async (unit: Unit, signal: AbortSignal): Promise<{ desired: Desired[]; unserved: string[] }> => {
    const desired: Desired[] = [];
    const unserved: string[] = [];
    const rendered = unit.rendered.kind === 'rendered' ? unit.rendered.objects : [];
    for (const object of [...(unit.instance?.objects ?? []), ...rendered]) {
      const kind = await outputs.kindOf(object, signal);
      if (kind) desired.push({ kind, object });
      else unserved.push(`${object.kind} of ${object.apiVersion}`);
    }
    return { desired, unserved };
  };
  const waitFor = (key: string, others: readonly Remains[]): void =>
    options.onWaiting(
      key,
      others.map((other) => other.key),
    );
  const leave = async (key: string, owner: string, signal: AbortSignal): Promise<number | undefined> => {
    if (!(await options.confirmGone(signal))) return undefined;
    const settled = await settle(owner, [], signal);
    const [failed] = settled.failed;
    if (failed) throw failed.error;
    const stored = inputs.service(key);
    if (!stored?.held) return undefined;
    // Its policies go when it goes: until then they hold for the pods that are left.
    if (!inputs.podsGone(key)) return AGAIN_MS;
    const left = await remains.of(key, stored.remembered, signal);
    waitFor(key, left);
    if (left.length > 0) {
      await statuses.leaving(key, stored, textOfRemains(left), signal);
      return AGAIN_MS;
    }
    await release(key, stored.uid, signal);
    return undefined;
  };
  const run = async (key: string, owner: string, unit: Unit, signal: AbortSignal): Promise<number | undefined> => {
    const stored = inputs.service(key);
    const { rendered } = unit;
    const declared = unit.instance?.node === undefined ? stored : undefined;
    // Before anything is made: whoever takes it away again must find what closes its pods.
    if (unit.instance && !isRemembered(unit.instance)) return RECORD_MS;
    const made = declared ? world.madeFor(key) : [];
    if (declared && !declared.held && (rendered.kind === 'rendered' || made.length > 0))
      await hold(key, declared.uid, signal);
    const left = declared ? await remains.beside(key, made, declared.remembered, signal) : [];
    const instances = [...made, ...left.map(({ instance }) => instance)].sort((a, b) => (a.name < b.name ? -1 : 1));
    await secretOf(unit, signal);
    const { desired, unserved } = await desiredOf(unit, signal);
    // A service that is refused keeps what ran before: an outage would be worse than an old version.
    const settled = rendered.kind === 'refused' ? undefined : await settle(owner, desired, signal);
    if (declared && rendered.kind !== 'adopts') {
      const facts = {
        rendered,
        instances,
        rollout: outputs.rollout(key),
        failed: [
          ...unserved.map((what) => `the cluster serves no ${what}`),
          ...(settled?.failed ?? []).map(({ id, error }) => `${id}: ${error.message}`),
        ],
        foreign: settled?.foreign ?? [],
      };
      await statuses.write(key, declared, facts, signal);
    }
    if (declared && rendered.kind === 'adopts') await statuses.remember(key, declared, instances, signal);
    waitFor(key, left);
    const [failed] = settled?.failed ?? [];
    if (failed) throw failed.error;
    if (rendered.kind === 'adopts' && declared?.held === true && instances.length === 0 && inputs.podsGone(key))
      await release(key, declared.uid, signal);
    return left.length > 0 ? AGAIN_MS : unserved.length > 0 ? UNSERVED_MS : undefined;
  };
  return {
    async reconcile(owner: string, signal: AbortSignal): Promise<number | undefined> {
      const key = options.keyOf(owner);
      const stored = key === undefined ? undefined : inputs.service(key);
      // What cannot be read says nothing: what runs stays.
      if (stored && !stored.deleting && !stored.value) return undefined;
      const unit = key === undefined ? undefined : world.unit(key);
      if (key === undefined || !unit) return leave(key ?? '', owner, signal);
      return run(key, owner, unit, signal);
    },
  };
}

/** Milliseconds after which an instance is looked at again that its users do not remember yet. */
const RECORD_MS = 50;

/** A definition that is missing may be installed at any time. */
const UNSERVED_MS = 15_000;

function heldObject(key: string, uid: string, finalizers: readonly string[] | undefined) {
  const slash = key.indexOf('/');
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: {
      namespace: key.slice(0, slash),
      name: key.slice(slash + 1),
      uid,
      ...(finalizers ? { finalizers } : {}),
    },
  };
}

/** The services that an instance was made for, as they are stored. */
function usersOf(
  { node }: Provided,
  inputs: WorkloadInputs,
): readonly { readonly reference: OwnerReference; readonly remembered: readonly KeptInstance[] }[] {
  const resources = node?.kind === 'LatticeService' ? (node.spec.resources ?? {}) : {};
  return Object.entries(resources).flatMap(([entry, { id = '' }]) => {
    const stored = isCaller(entry) ? inputs.service(id) : undefined;
    if (!stored) return [];
    const name = id.slice(id.indexOf('/') + 1);
    const reference = { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeService', name, uid: stored.uid };
    return [{ reference, remembered: stored.remembered }];
  });
}
