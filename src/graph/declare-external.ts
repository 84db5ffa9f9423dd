import {
  type Cidr,
  type Endpoint,
  type Finding,
  hostText,
  type LatticeExternalService,
  overlapsCidr,
  parseCidr,
  parseEndpoint,
  parseSource,
  type Source,
} from '../api/index.ts';
import { byText, keyOf } from './key.ts';
import type { ExternalNode, NamedEndpoint } from './model.ts';
import type { Exemptions } from './settings.ts';

/** Who an external service names: services by key, whole namespaces, or everybody. */
export interface Members {
  readonly keys: ReadonlySet<string>;
  /** Namespaces whose every service is meant. */
  readonly namespaces: ReadonlySet<string>;
  readonly everybody: boolean;
}

/** One LatticeExternalService as the graph keeps it. Endpoints that may not be named are findings and left out. */
export interface ExternalDeclaration {
  readonly kind: 'external';
  readonly key: string;
  readonly node: ExternalNode;
  readonly requesters: Members;
  readonly targets: Members;
  readonly findings: readonly Finding[];
}

/** Reads a declaration; `network` says which names and ranges are the cluster's own. */
export function declareExternal(
  object: LatticeExternalService,
  defaultNamespace: string,
  network: Exemptions['network'],
): ExternalDeclaration {
  const namespace = object.metadata.namespace ?? defaultNamespace;
  const name = object.metadata.name;
  const findings: Finding[] = [];
  const endpoints: NamedEndpoint[] = [];
  for (const [endpointName, url] of Object.entries(object.spec.endpoints ?? {})) {
    const endpoint = parseEndpoint(url);
    if (!endpoint.ok) continue;
    const inside = insideCluster(endpoint.value, network);
    if (!inside) endpoints.push({ name: endpointName, ...endpoint.value });
    else {
      findings.push({
        code: 'HostInCluster',
        severity: 'error',
        message: `${hostText(endpoint.value.host)} is not outside the cluster: ${inside.why}`,
        object: { kind: 'LatticeExternalService', namespace, name },
        path: ['spec', 'endpoints', endpointName],
        fix: inside.fix,
      });
    }
  }
  const key = keyOf(namespace, name);
  return {
    kind: 'external',
    key,
    node: {
      key,
      namespace,
      name,
      endpoints: endpoints.sort((a, b) => byText(a.name, b.name)),
      sources: (object.spec.sources ?? []).flatMap((text): Source[] => {
        const source = parseSource(text);
        return source.ok ? [source.value] : [];
      }),
    },
    requesters: membersOf(object.spec.allowed_requesters ?? [], namespace),
    targets: membersOf(object.spec.allowed_targets ?? [], namespace),
    findings,
  };
}

/** Whether the external service names this service. */
export function names(members: Members, key: string, namespace: string): boolean {
  return members.everybody || members.keys.has(key) || members.namespaces.has(namespace);
}

function membersOf(texts: readonly string[], own: string): Members {
  const keys = new Set<string>();
  const namespaces = new Set<string>();
  let everybody = false;
  for (const text of texts) {
    const [namespace, name] = text.includes('/') ? text.split('/', 2) : [own, text];
    if (name !== '*') keys.add(keyOf(namespace ?? own, name ?? ''));
    else if (namespace === '*') everybody = true;
    else namespaces.add(namespace ?? own);
  }
  return { keys, namespaces, everybody };
}

const NEVER_OUTSIDE = ['127.0.0.0/8', '::1/128', '169.254.0.0/16', 'fe80::/10', '224.0.0.0/4', 'ff00::/8'];

function insideCluster(endpoint: Endpoint, network: Exemptions['network']): { why: string; fix: string } | undefined {
  const { host } = endpoint;
  if (host.kind !== 'cidr') {
    const name = host.kind === 'name' ? host.name : host.suffix;
    const domain = network.clusterDomain;
    const under =
      name === domain || name.endsWith(`.${domain}`) || (host.kind === 'wildcard' && domain.endsWith(`.${name}`));
    return under || name.endsWith('.svc')
      ? { why: `it is under the cluster domain ${domain}`, fix: 'declare it as a LatticeService and name that' }
      : undefined;
  }
  if (host.prefix === 0) return undefined;
  const meets = (ranges: readonly Cidr[]) => ranges.some((range) => overlapsCidr(range, host));
  if (meets(NEVER_OUTSIDE.flatMap((text) => parseCidr(text) ?? []))) {
    return {
      why: 'it meets a loopback, link-local or multicast range',
      fix: 'for the node or a metadata service use a built-in peer',
    };
  }
  if (meets(network.podCIDRs))
    return { why: "it meets the cluster's pod range", fix: 'declare the pods as a LatticeService' };
  if (meets(network.serviceCIDRs))
    return { why: "it meets the cluster's Service range", fix: 'name the LatticeService behind it' };
  if (meets(network.nodeCIDRs))
    return { why: "it meets the cluster's node range (C14)", fix: 'use type: builtin with a node entity' };
  return undefined;
}
