import {
  type Finding,
  isLattice,
  type LatticeExternalService,
  type LatticeResourceClass,
  type LatticeService,
  parseObject,
} from '../../api/index.ts';
import { DELETE_DATA, labelOf } from '../name.ts';
import type { ClusterValues } from '../surroundings.ts';
import type { Lookup } from '../template/evaluate.ts';
import { plainText, textValue, type Value } from '../value.ts';
import { EMBEDDED } from './embedded.ts';
import { expandJson } from './expand-json.ts';
import type { Claim, ClassObject, Instance } from './instance.ts';
import { classOutputs } from './outputs.ts';
import { aboutClass } from './report.ts';
import { classLookup } from './scope.ts';

type Provided = Extract<Instance, { kind: 'provided' }>;

/** Makes the instance that `users` (at least one, all of one instance) share, as the class says. Pure. */
export function provide(
  declared: LatticeResourceClass,
  users: readonly [Claim, ...Claim[]],
  cluster: ClusterValues,
): Instance {
  const [first] = users;
  const { spec } = declared;
  const lookup = classLookup(first, cluster);
  if (spec.embedded) return embedded(declared, users, cluster);
  const { outputs, findings } = classOutputs(declared, first, lookup);
  if (findings.length > 0) return { kind: 'none', findings };
  const base = { kind: 'provided', key: first.instance, className: declared.metadata.name, outputs } as const;
  if (spec.endpoint?.service !== undefined) {
    const ports = spec.endpoint.port === undefined ? {} : { ports: [spec.endpoint.port] };
    const peer = { type: 'service', id: spec.endpoint.service, ...ports } as const;
    return { ...base, peer, declared: false, objects: [] };
  }
  if (spec.endpoint?.url !== undefined) return outside(base, spec.endpoint.url, users);
  return templated(declared, users, lookup, base);
}

function outside(
  base: Pick<Provided, 'kind' | 'key' | 'className' | 'outputs'>,
  url: string,
  users: readonly Claim[],
): Instance {
  const [namespace = '', name = ''] = base.key.split('/');
  const node: LatticeExternalService = {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeExternalService',
    metadata: { name, namespace },
    spec: { endpoints: { main: url }, allowed_requesters: [...new Set(users.map(({ service }) => service))].sort() },
  };
  const endpoint = url.replace(/^[a-z0-9+.-]+:\/\//i, '');
  const peer = { type: 'external_service', id: base.key } as const;
  return { ...base, endpoint, peer, declared: true, node, objects: [] };
}

function embedded(
  declared: LatticeResourceClass,
  users: readonly [Claim, ...Claim[]],
  cluster: ClusterValues,
): Instance {
  const [{ instance, type }] = users;
  const [namespace = '', name = ''] = instance.split('/');
  const kind = Object.hasOwn(EMBEDDED, type) ? EMBEDDED[type] : undefined;
  const settings = declared.spec.embedded ?? {};
  if (!kind) {
    const message = `there is no embedded default for ${type}: there is one for ${Object.keys(EMBEDDED).join(', ')}`;
    return { kind: 'none', findings: [aboutClass(declared, 'ResourceClassInvalid', message, ['spec', 'embedded'])] };
  }
  const { size = '1Gi', storageClass, onDelete = 'keep' } = settings;
  const secretName = labelOf(`${name}-credentials`);
  const params = { size, identity: true, onDelete, ...(storageClass === undefined ? {} : { storageClass }) };
  const made = validated(declared, {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace },
    spec: { ...kind.spec(settings), resources: { ...callers(users), data: { type: 'volume', params } } },
  });
  if (made.kind === 'none') return made;
  const host = `${name}.${namespace}.svc.${cluster.domain}`;
  return {
    kind: 'provided',
    key: instance,
    className: declared.metadata.name,
    outputs: new Map([...kind.outputs(secretName), ['host', textValue(host)] as const]),
    endpoint: `${host}:${kind.port}`,
    peer: { type: 'service', id: instance },
    declared: true,
    node: made.service,
    objects: [],
    secret: { namespace, name: secretName, fixed: kind.fixed, random: kind.random, keep: onDelete === 'keep' },
  };
}

function templated(
  declared: LatticeResourceClass,
  users: readonly [Claim, ...Claim[]],
  lookup: Lookup,
  base: Pick<Provided, 'kind' | 'key' | 'className' | 'outputs'>,
): Instance {
  const [first] = users;
  const [namespace = '', name = ''] = base.key.split('/');
  const expanded = expandJson(declared.spec.template, lookup, first.params);
  if (!expanded.ok) {
    const findings = expanded.problems.map(({ message, at, path }): Finding => {
      const where = `line ${at.line}, column ${at.column}: ${message}`;
      return aboutClass(declared, 'ResourceClassInvalid', where, ['spec', 'template', ...path]);
    });
    return { kind: 'none', findings };
  }
  const { objects, pods } = isRecord(expanded.value) ? expanded.value : {};
  const fields = isRecord(pods) ? pods : {};
  const resources = isRecord(fields['resources']) ? fields['resources'] : {};
  const made = validated(declared, {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace },
    spec: { ...fields, resources: { ...resources, ...callers(users) } },
  });
  if (made.kind === 'none') return made;
  const ports = usersPorts(made.service, base.outputs);
  if (!ports) {
    const message =
      'pods offer several ports, and none has the number of the output port: nobody knows which is for users';
    const path = ['spec', 'template', 'pods', 'service', 'ports'];
    return { kind: 'none', findings: [aboutClass(declared, 'ResourceClassInvalid', message, path)] };
  }
  const list = Array.isArray(objects) ? objects.filter(isRecord) : [];
  return {
    ...base,
    peer: { type: 'service', id: base.key, ports },
    declared: true,
    node: made.service,
    objects: list.map((object) => placed(object, namespace, name, declared.spec.template?.onDelete === 'delete')),
  };
}

/** The ports of the pods that users may call: the only one, or those with the number that the class gives out. */
function usersPorts(service: LatticeService, outputs: ReadonlyMap<string, Value>): string[] | undefined {
  const ports = Object.entries(service.spec.service?.ports ?? {});
  if (ports.length === 1) return ports.map(([name]) => name);
  const output = outputs.get('port');
  const number = output && plainText(output);
  const named = ports.filter(([, { port }]) => String(port) === number).map(([name]) => name);
  return named.length === 0 ? undefined : named.sort();
}

/** The inbound halves of a generated service: its users, and nobody else. */
function callers(users: readonly Claim[]): Readonly<Record<string, unknown>> {
  const keys = [...new Set(users.map(({ service }) => service))].sort();
  return Object.fromEntries(keys.map((key) => [`caller-${key}`, { type: 'service', direction: 'inbound', id: key }]));
}

/** Whether an entry of a generated service is one of its users. */
export function isCaller(entry: string): boolean {
  return entry.startsWith('caller-') && entry.includes('/');
}

/** An object of a template lives beside its users, whatever it says itself: one namespace cannot write into another. */
function placed(
  object: Readonly<Record<string, unknown>>,
  namespace: string,
  name: string,
  goes: boolean,
): ClassObject {
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  const written = metadata['name'];
  return {
    ...object,
    apiVersion: String(object['apiVersion']),
    kind: String(object['kind']),
    metadata: {
      ...metadata,
      ...(goes ? { annotations: { ...annotations, [DELETE_DATA]: 'delete' } } : {}),
      name: typeof written === 'string' ? written : name,
      namespace,
    },
  };
}

function validated(
  declared: LatticeResourceClass,
  raw: Readonly<Record<string, unknown>>,
): { readonly kind: 'made'; readonly service: LatticeService } | Extract<Instance, { kind: 'none' }> {
  const parsed = isLattice(raw) ? parseObject(raw) : undefined;
  if (parsed?.ok && parsed.value.kind === 'LatticeService') return { kind: 'made', service: parsed.value };
  const issues = parsed && !parsed.ok ? parsed.issues : [];
  const findings = issues.map(({ path, message }): Finding => {
    const inside = path[0] === 'spec' ? ['spec', 'template', 'pods', ...path.slice(1)] : ['spec', 'template', 'pods'];
    return aboutClass(declared, 'ResourceClassInvalid', message, inside);
  });
  return { kind: 'none', findings };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
