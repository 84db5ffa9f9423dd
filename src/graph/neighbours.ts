import { meet } from './agree.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import type { Party } from './party.ts';
import type { GraphState } from './state.ts';

/** Connects a service whose declaration is new or has changed with those that it meets: time in proportion to its degree. */
export function link(state: GraphState, service: ServiceDeclaration): void {
  const { self } = service;
  for (const callee of missing(self.callees, (each) => meet(service, each))) disconnect(self, callee);
  for (const caller of missing(self.callers, (each) => meet(each, service))) disconnect(caller, self);
  const callees = new Set(self.callees);
  for (const callee of candidates(state, service, 'outbound')) {
    if (!callees.has(callee) && callee.declaration && meet(service, callee.declaration)) connect(self, callee);
  }
  const callers = new Set(self.callers);
  for (const caller of candidates(state, service, 'inbound')) {
    if (!callers.has(caller) && caller.declaration && meet(caller.declaration, service)) connect(caller, self);
  }
}

/** Disconnects a service that goes. */
export function unlink(party: Party): void {
  for (const callee of party.callees.slice()) disconnect(party, callee);
  for (const caller of party.callers.slice()) disconnect(caller, party);
}

/** Those that are neighbours no more. */
function missing(neighbours: readonly Party[], meets: (each: ServiceDeclaration) => boolean): readonly Party[] {
  return neighbours.filter(({ declaration }) => !declaration || !meets(declaration));
}

/** Services that may have an edge with this one in the given direction: named by it, or naming it where it says `*`. */
function candidates(
  state: GraphState,
  service: ServiceDeclaration,
  direction: 'inbound' | 'outbound',
): readonly Party[] {
  const { peers } = service[direction];
  const any = direction === 'inbound' ? service.inboundAny : service.outboundAny;
  if (any.length === 0) return peers;
  const naming = (direction === 'inbound' ? state.callersNaming : state.calleesNaming).get(service.self);
  return [...peers, ...naming];
}

function connect(caller: Party, callee: Party): void {
  insert(caller.callees, callee);
  insert(callee.callers, caller);
}

function disconnect(caller: Party, callee: Party): void {
  remove(caller.callees, callee);
  remove(callee.callers, caller);
}

function insert(list: Party[], party: Party): void {
  const last = list[list.length - 1];
  if (last === undefined || last.key < party.key) {
    list.push(party);
    return;
  }
  const at = placeOf(list, party.key);
  if (list[at] !== party) list.splice(at, 0, party);
}

function remove(list: Party[], party: Party): void {
  const at = placeOf(list, party.key);
  if (list[at] === party) list.splice(at, 1);
}

/** The first place whose key is not below `key`. */
function placeOf(list: readonly Party[], key: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
