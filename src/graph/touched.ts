import type { ServiceDeclaration } from './declare-service.ts';
import type { Fact, ServiceFact } from './facts.ts';
import { type GraphState, overlapsOf, podsOf, podsWith } from './state.ts';

/** Services whose resolved form a fact may change, when it comes or goes. */
export function touchedBy(state: GraphState, fact: Fact): string[] {
  switch (fact.kind) {
    case 'pod':
      return state.selectors.selecting(fact.namespace, fact.labels);
    case 'service':
      return servicesBehind(state, fact);
    case 'namespace':
      return [...state.members.get(fact.name)];
    case 'gateway':
      return [...state.waypointUsers.get(fact.key)];
  }
}

/** Other services that select some of the same pods: what one declares can bar the other. */
export function partnersOf(state: GraphState, service: ServiceDeclaration | undefined): string[] {
  return service ? overlapsOf(state, service, podsOf(state, service)) : [];
}

function servicesBehind(state: GraphState, { key: own, namespace, name, selector }: ServiceFact): string[] {
  // A service of that name assumes this Service where none is known.
  const naming = [...state.members.get(namespace)].filter(
    (key) => key === own || state.services.get(key)?.services?.includes(name),
  );
  if (!selector) return naming;
  return [
    ...naming,
    ...state.selectors.including(namespace, selector),
    ...podsWith(state, namespace, selector).flatMap((pod) => state.selectors.selecting(pod.namespace, pod.labels)),
  ];
}
