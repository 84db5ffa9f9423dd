import type { Finding } from '../api/index.ts';
import { agreedEndpoints, agreedIngress } from './agree.ts';
import type { ExternalDeclaration } from './declare-external.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import { entryPath, Report } from './report.ts';
import type { GraphState } from './state.ts';
import { suggestion } from './suggestion.ts';

/** What is half about an external service, from its side. */
export function externalFindings(state: GraphState, external: ExternalDeclaration): readonly Finding[] {
  const { namespace, name } = external.node;
  const own = new Report({ kind: 'LatticeExternalService', namespace, name });
  for (const [list, members, direction] of [
    ['allowed_requesters', external.requesters, 'outbound'],
    ['allowed_targets', external.targets, 'inbound'],
  ] as const) {
    for (const key of members.keys) {
      const service = state.services.get(key);
      const halves = direction === 'outbound' ? service?.egress : service?.ingress;
      if (!service)
        own.add(
          'UnknownPeer',
          'warning',
          `lists ${key}, which is not declared`,
          ['spec', list],
          suggestion(state, key),
        );
      else if (!halves?.has(external.key)) {
        const entry = `${name}: {type: external_service, direction: ${direction}, id: ${name}${namespace === service.namespace ? '' : `, namespace: ${namespace}`}}`;
        own.add(
          'HalfAgreement',
          'warning',
          `lists ${key}, which does not name it`,
          ['spec', list],
          `in LatticeService ${key}, under spec.resources, write "${entry}"`,
        );
      }
    }
  }
  return [...external.findings, ...own.findings];
}

/** What is half about the external services that a service names. */
export function externalHalfFindings(state: GraphState, service: ServiceDeclaration, own: Report): void {
  const ports = state.workloads.get(service.key)?.ports ?? [];
  for (const [direction, halves] of [
    ['outbound', service.egress],
    ['inbound', service.ingress],
  ] as const) {
    for (const [key, filter] of halves) {
      const path = entryPath(service, direction, 'external_service', key);
      const external = state.externals.get(key);
      if (!external) {
        own.add(
          'UnknownPeer',
          'warning',
          `names external service ${key}, which is not declared`,
          path,
          `declare LatticeExternalService ${key}`,
        );
        continue;
      }
      const open =
        direction === 'outbound' ? agreedEndpoints(service, external) : agreedIngress(service, external, ports);
      if (open.length > 0) continue;
      const list = direction === 'outbound' ? 'allowed_requesters' : 'allowed_targets';
      const members = direction === 'outbound' ? external.requesters : external.targets;
      const listed = members.everybody || members.keys.has(service.key) || members.namespaces.has(service.namespace);
      const name = external.node.namespace === service.namespace ? service.name : service.key;
      if (!listed) {
        own.add(
          'HalfAgreement',
          'warning',
          `external service ${key} does not list it`,
          path,
          `in LatticeExternalService ${key}, add "${name}" to spec.${list}`,
        );
      } else if (direction === 'inbound' && ports.length === 0) {
        own.add('NoPorts', 'warning', 'has no known port, so nothing opens', path, 'declare spec.service.ports');
      } else {
        const what =
          filter === 'all' ? (direction === 'outbound' ? 'endpoints' : 'sources') : `port ${filter.join(', ')}`;
        own.add(
          'NoCommonPort',
          'warning',
          `external service ${key} has no ${what} for it`,
          path,
          'name ports that exist on both sides',
        );
      }
    }
  }
}
