// What follows from what is stored: services as the doors know them, who shares an identity, who uses a waypoint.
import { isDeepStrictEqual } from 'node:util';
import type { PodGroup } from './pod-groups.ts';
import type { Workload } from './model.ts';
import type { GraphState } from './state.ts';
import type { Tracker } from './tracker.ts';
import { resolveWorkload } from './workload.ts';

/** Resolves everything: the state was stored at once, and nobody asks what changed. */
export function settleAll(state: GraphState): void {
  for (const key of state.services.keys()) settleService(state, key);
  for (const group of state.podGroups.values()) settleStray(state, group);
}

/** Resolves again what was touched, and follows flips of shared identities. */
export function settle(state: GraphState, tracker: Tracker): void {
  for (const key of tracker.touched) settleService(state, key, tracker);
  for (const group of tracker.strays) settleStray(state, group, tracker);
}

function settleService(state: GraphState, key: string, tracker?: Tracker): void {
  const service = state.services.get(key);
  if (!service) {
    leave(state, key, tracker);
    state.workloads.delete(key);
    state.waypointsOf.delete(key);
    return;
  }
  const before = service.self.workload;
  const { workload, gateways } = resolveWorkload(state, service);
  if (
    before &&
    isDeepStrictEqual(before, workload) &&
    isDeepStrictEqual(state.waypointsOf.get(key) ?? NO_GATEWAYS, gateways)
  )
    return;
  if (before) leave(state, key, tracker);
  service.self.workload = workload;
  state.workloads.set(key, workload);
  if (gateways.length > 0) state.waypointsOf.set(key, gateways);
  for (const gateway of gateways) state.waypointUsers.add(gateway, key);
  for (const front of frontsOf(workload)) enterFront(state, front, key, tracker);
  for (const account of workload.accounts) enter(state, `${workload.namespace}/${account}`, key, tracker);
}

const NO_GATEWAYS: readonly string[] = [];

/** Takes a service out of the indexes that follow from its resolved form. */
function leave(state: GraphState, key: string, tracker: Tracker | undefined): void {
  for (const gateway of state.waypointsOf.get(key) ?? NO_GATEWAYS) state.waypointUsers.remove(gateway, key);
  state.waypointsOf.delete(key);
  const workload = state.workloads.get(key);
  if (!workload) return;
  for (const front of frontsOf(workload)) exitFront(state, front, key, tracker);
  for (const account of workload.accounts) exit(state, `${workload.namespace}/${account}`, key, tracker);
}

/** The Services behind a waypoint that lead to this service. */
function frontsOf({ namespace, services, waypoint }: Workload): readonly string[] {
  return waypoint ? services.map((name) => `${namespace}/${name}`) : NO_GATEWAYS;
}

/** Whoever begins or ceases to share a Service changes for its peers, as with a shared identity. */
function enterFront({ frontedBy }: GraphState, front: string, key: string, tracker: Tracker | undefined): void {
  frontedBy.add(front, key);
  if (frontedBy.count(front) > 1) tracker?.identityFlips(frontedBy.get(front));
}

function exitFront({ frontedBy }: GraphState, front: string, key: string, tracker: Tracker | undefined): void {
  if (frontedBy.count(front) > 1) tracker?.identityFlips(frontedBy.get(front));
  frontedBy.remove(front, key);
}

/** Equal pods that no service selects are together one user of their identity. */
function settleStray(state: GraphState, { key, traits }: PodGroup, tracker?: Tracker): void {
  const { namespace, labels, account } = traits;
  const known = state.podGroups.get(key) !== undefined;
  const stray = known && state.selectors.selecting(namespace, labels).length === 0;
  if (stray) enter(state, `${namespace}/${account}`, key, tracker);
  else exit(state, `${namespace}/${account}`, key, tracker);
}

function enter(state: GraphState, identity: string, user: string, tracker: Tracker | undefined): void {
  const { identities, sharedIdentities } = state;
  const count = identities.count(identity);
  if (count === 1 && !identities.includes(identity, user)) {
    tracker?.identityFlips(identities.get(identity));
    sharedIdentities.add(identity);
  }
  identities.add(identity, user);
}

function exit(state: GraphState, identity: string, user: string, tracker: Tracker | undefined): void {
  const { identities, sharedIdentities } = state;
  if (!identities.includes(identity, user)) return;
  if (identities.count(identity) === 2) {
    tracker?.identityFlips(identities.get(identity));
    sharedIdentities.delete(identity);
  }
  identities.remove(identity, user);
}
