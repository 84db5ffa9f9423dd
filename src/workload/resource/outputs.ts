import { hostText, parseEndpoint, type ServiceResource } from '../../api/index.ts';
import type { Port } from '../../graph/index.ts';
import type { Surroundings } from '../surroundings.ts';
import { joined, secretValue, textValue, type Value } from '../value.ts';
import { entryKind, isOutbound, peerKey } from './entry.ts';

/** A field of a resource, or why it has no value yet. */
export type Output =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'pending'; readonly why: string };

/** Where the values of a resource come from, for status and for messages. */
export interface Resolved {
  readonly outputs: ReadonlyMap<string, Output>;
  /** `LatticeService shop/cart`, `LatticeResourceClass postgres-production`, ... */
  readonly source: string;
  /** `host:port` without secrets; undefined while it is not known. */
  readonly endpoint?: string;
  readonly state: 'Resolved' | 'Missing' | 'NotAgreed';
}

/** What `${resources.ENTRY.FIELD}` stands for; undefined for entries that give no values (callers, built-in peers). */
export function resolveEntry(
  service: { readonly namespace: string; readonly name: string },
  entry: string,
  resource: ServiceResource,
  around: Surroundings,
): Resolved | undefined {
  const own = `${service.namespace}/${service.name}`;
  switch (entryKind(resource)) {
    case 'service':
      return isOutbound(resource)
        ? resolveService(own, peerKey(entry, resource, service.namespace), resource, around)
        : undefined;
    case 'external_service':
      return isOutbound(resource)
        ? resolveExternal(own, peerKey(entry, resource, service.namespace), resource, around)
        : undefined;
    case 'class':
      return resolveClass(own, entry, resource, around);
    case 'volume':
    case 'builtin':
      return undefined;
  }
}

function resolveService(own: string, peer: string, resource: Narrowed, around: Surroundings): Resolved | undefined {
  const [namespace = '', name = ''] = peer.split('/');
  if (name === '*' || namespace === '*') return undefined;
  const source = `LatticeService ${peer}`;
  const host = `${name}.${namespace}.svc.${around.cluster.domain}`;
  const fixed: [string, Output][] = [
    ['host', value(host)],
    ['name', value(name)],
    ['namespace', value(namespace)],
  ];
  const callee = around.callee(own, peer);
  const offered = callee?.ports.filter((port) => isNamed(resource, port)) ?? [];
  const port = preferred(callee && callee.agreed.length > 0 ? callee.agreed : offered);
  if (!port) {
    const why = callee
      ? `LatticeService ${peer} offers no port that this entry names`
      : `LatticeService ${peer} is not declared`;
    const outputs = new Map([...fixed, ['port', pending(why)] as const, ['url', pending(why)] as const]);
    return { outputs, source, state: 'Missing' };
  }
  const outputs = new Map([
    ...fixed,
    ['port', value(String(port.port))] as const,
    ['url', value(`http://${host}:${port.port}`)] as const,
  ]);
  const state = callee && callee.agreed.length > 0 ? 'Resolved' : 'NotAgreed';
  return { outputs, source, endpoint: `${host}:${port.port}`, state };
}

type Narrowed = { readonly ports?: ServiceResource['ports'] };

function isNamed({ ports }: Narrowed, port: Port): boolean {
  return ports === undefined || ports.includes(port.name) || ports.includes(port.port);
}

/** The port named http, else the lowest name. */
function preferred(ports: readonly Port[]): Port | undefined {
  return ports.find(({ name }) => name === 'http') ?? ports.toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
}

function resolveExternal(own: string, peer: string, resource: ServiceResource, around: Surroundings): Resolved {
  const source = `LatticeExternalService ${peer}`;
  const external = around.external(peer);
  if (!external) {
    const why = `LatticeExternalService ${peer} is not declared`;
    return { outputs: new Map(ADDRESS.map((field) => [field, pending(why)])), source, state: 'Missing' };
  }
  const outputs = new Map<string, Output>();
  for (const [field, { secret, key }] of Object.entries(external.spec.credentials ?? {})) {
    outputs.set(field, { kind: 'value', value: secretValue({ name: secret, key: key ?? field }) });
  }
  const agreed = around.agreedEndpoints(own, peer);
  const names = Object.keys(external.spec.endpoints ?? {}).sort();
  const asked = names.filter((name) => resource.ports === undefined || resource.ports.includes(name));
  const candidates = agreed.length > 0 ? agreed : asked;
  const chosen = candidates.find((name) => name === 'default') ?? candidates[0];
  const text = chosen === undefined ? undefined : external.spec.endpoints?.[chosen];
  const parsed = text === undefined ? undefined : parseEndpoint(text);
  if (!parsed?.ok) {
    const why = `${source} has no endpoint that this entry names`;
    for (const field of ADDRESS) outputs.set(field, pending(why));
    return { outputs, source, state: 'Missing' };
  }
  const { scheme, host, port } = parsed.value;
  if (host.kind === 'wildcard' || (host.kind === 'cidr' && host.prefix < (host.family === 4 ? 32 : 128))) {
    const why = `the endpoint ${String(chosen)} of ${source} is a range of hosts, not one`;
    for (const field of ADDRESS) outputs.set(field, pending(why));
    return { outputs, source, state: agreed.length > 0 ? 'Resolved' : 'NotAgreed' };
  }
  const name = hostText(host);
  const authority = `${name.includes(':') ? `[${name}]` : name}:${port}`;
  outputs.set('host', value(name));
  outputs.set('port', value(String(port)));
  outputs.set('url', value(`${scheme}://${authority}`));
  return { outputs, source, endpoint: authority, state: agreed.length > 0 ? 'Resolved' : 'NotAgreed' };
}

const ADDRESS = ['host', 'port', 'url'] as const;

function resolveClass(own: string, entry: string, resource: ServiceResource, around: Surroundings): Resolved {
  const instance = around.instance(own, entry);
  if (!instance || instance.kind === 'none') {
    const source = `LatticeResourceClass for ${String(resource.type)} of class ${resource.class ?? 'default'}`;
    return { outputs: new Map(), source, state: 'Missing' };
  }
  const { peer } = instance;
  const at = peer.type === 'service' && !instance.declared ? resolveService(own, peer.id, peer, around) : undefined;
  const outputs = new Map<string, Output>(at?.outputs);
  outputs.delete('url');
  for (const [field, output] of instance.outputs) outputs.set(field, { kind: 'value', value: output });
  const url = outputs.get('url') ?? urlOf(String(resource.type), outputs);
  if (url) outputs.set('url', url);
  const endpoint = instance.endpoint ?? at?.endpoint;
  return {
    outputs,
    source: `LatticeResourceClass ${instance.className}`,
    ...(endpoint === undefined ? {} : { endpoint }),
    state: at?.state ?? 'Resolved',
  };
}

/** `postgres://user:password@host:port/database`, as far as the type has such a form. Its secrets stay references. */
function urlOf(type: string, outputs: ReadonlyMap<string, Output>): Output | undefined {
  const form = URL_FORMS[type];
  if (!form) return undefined;
  const values: Value[] = [];
  for (const piece of form) {
    if (!piece.startsWith('$')) {
      values.push(textValue(piece));
      continue;
    }
    const output = outputs.get(piece.slice(1));
    if (output?.kind !== 'value') return output;
    values.push(output.value);
  }
  return { kind: 'value', value: joined(values) };
}

const URL_FORMS: Readonly<Record<string, readonly string[]>> = {
  postgres: ['postgres://', '$username', ':', '$password', '@', '$host', ':', '$port', '/', '$database'],
  mysql: ['mysql://', '$username', ':', '$password', '@', '$host', ':', '$port', '/', '$database'],
  redis: ['redis://:', '$password', '@', '$host', ':', '$port'],
};

function value(text: string): Output {
  return { kind: 'value', value: textValue(text) };
}

function pending(why: string): Output {
  return { kind: 'pending', why };
}
