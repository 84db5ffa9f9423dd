// What is known, written into the indexes and taken out of them again. Nothing here follows from anything else: see settle.ts.
import { hostText } from '../api/index.ts';
import type { ExternalDeclaration } from './declare-external.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import type { Fact } from './facts.ts';
import { unlink } from './neighbours.ts';
import type { GraphState } from './state.ts';

/** Adds a service, or replaces what was stored under its key. It is connected with nobody yet (see neighbours.ts). */
export function storeService(state: GraphState, service: ServiceDeclaration): void {
  const { self, key, namespace } = service;
  // Mentioned before the former declaration goes, so that nobody is forgotten in between.
  mention(state, service);
  if (self.declaration) unindexService(state, self.declaration);
  self.declaration = service;
  self.narrows = service.narrows;
  state.services.set(key, service);
  state.selectors.set(key, namespace, service.selector);
  state.members.add(namespace, key);
  state.callersNaming.add(service);
  state.calleesNaming.add(service);
  for (const external of service.egress.keys()) state.externalUsers.add(external, key);
  for (const external of service.ingress.keys()) state.externalUsers.add(external, key);
}

export function unstoreService(state: GraphState, key: string): void {
  const service = state.services.get(key);
  if (!service) return;
  unlink(service.self);
  service.self.declaration = undefined;
  service.self.workload = undefined;
  state.services.delete(key);
  unindexService(state, service);
  state.parties.release(service.self.id);
}

export function storeExternal(state: GraphState, external: ExternalDeclaration): void {
  state.externals.set(external.key, external);
  for (const host of hostsOf(external)) state.hosts.add(host, external.key);
}

export function unstoreExternal(state: GraphState, key: string): void {
  const external = state.externals.get(key);
  if (!external) return;
  state.externals.delete(key);
  for (const host of hostsOf(external)) state.hosts.remove(host, key);
}

/** The fact that was read from this object ({@link factId}). */
export function factAt({ pods, namespaces, kubeServices, gateways }: GraphState, id: string): Fact | undefined {
  const key = id.slice(id.indexOf(' ') + 1);
  if (id.startsWith('Namespace ')) return namespaces.get(key);
  if (id.startsWith('Service ')) return kubeServices.get(key);
  if (id.startsWith('Gateway ')) return gateways.get(key);
  return pods.get(id);
}

export function storeFact(state: GraphState, fact: Fact): void {
  switch (fact.kind) {
    case 'pod':
      state.pods.set(fact.id, fact);
      state.podGroups.add(fact);
      return;
    case 'namespace':
      state.namespaces.set(fact.name, fact);
      return;
    case 'service':
      state.kubeServices.set(fact.key, fact);
      if (fact.selector) state.kubeSelectors.set(fact.key, fact.namespace, fact.selector);
      return;
    case 'gateway':
      state.gateways.set(fact.key, fact);
  }
}

export function unstoreFact(state: GraphState, fact: Fact): void {
  switch (fact.kind) {
    case 'pod':
      state.pods.delete(fact.id);
      state.podGroups.remove(fact);
      return;
    case 'namespace':
      state.namespaces.delete(fact.name);
      return;
    case 'service':
      state.kubeServices.delete(fact.key);
      state.kubeSelectors.delete(fact.key);
      return;
    case 'gateway':
      state.gateways.delete(fact.key);
  }
}

/** Takes a declaration out of the indexes over what it says, but for its neighbours. */
function unindexService(state: GraphState, service: ServiceDeclaration): void {
  const { key, namespace } = service;
  state.selectors.delete(key);
  state.members.remove(namespace, key);
  state.callersNaming.remove(service);
  state.calleesNaming.remove(service);
  for (const external of service.egress.keys()) state.externalUsers.remove(external, key);
  for (const external of service.ingress.keys()) state.externalUsers.remove(external, key);
  for (const { ids } of [service.outbound, service.inbound]) for (const id of ids) state.parties.unmention(id);
}

function mention({ parties }: GraphState, { outbound, inbound }: ServiceDeclaration): void {
  for (const id of outbound.ids) parties.mention(id);
  for (const id of inbound.ids) parties.mention(id);
}

function hostsOf(external: ExternalDeclaration): Set<string> {
  return new Set(
    external.node.endpoints.flatMap((endpoint) =>
      endpoint.protocol === 'TCP' && endpoint.host.kind !== 'cidr' ? [hostText(endpoint.host)] : [],
    ),
  );
}
