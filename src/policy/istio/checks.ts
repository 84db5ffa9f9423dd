import type { Draft, KubernetesObject } from '../draft.ts';
import { isHost } from './host-name.ts';

/** An object that istiod or the API server would refuse, ignore or read wider than meant: the compiler is wrong. */
class InvalidIstioObjectError extends Error {
  readonly code = 'ISTIO_OBJECT_INVALID';

  constructor(object: KubernetesObject, problems: readonly string[], options?: ErrorOptions) {
    super(`${object.kind} ${object.metadata.namespace}/${object.metadata.name}: ${problems.join('; ')}`, options);
    this.name = 'InvalidIstioObjectError';
  }
}

/**
 * The draft itself, once it passes the rules of the CRD (limits, exclusive fields) and of istiod's webhook, and the
 * traps that neither reports: an empty selector attaches to nobody or to everybody (Z2), port "0" matches nothing and
 * a source without fields is everybody (Z11), a principal with a scheme or a wildcard is another one (I4, Z10).
 * @throws InvalidIstioObjectError for an object that must not be written.
 */
export function checked(draft: Draft): Draft {
  const problems = problemsOf(draft.object);
  if (problems.length > 0) throw new InvalidIstioObjectError(draft.object, problems);
  return draft;
}

/** What is wrong with an object that the compiler means to write; empty when nothing is. */
export function problemsOf(object: KubernetesObject): readonly string[] {
  const { spec, metadata } = object;
  if (!isRecord(spec)) return ['spec is no map'];
  const problems = NAME.test(metadata.name) && metadata.name.length <= 63 ? [] : [`name "${metadata.name}"`];
  switch (object.kind) {
    case 'AuthorizationPolicy':
      return [...problems, ...attachmentProblems(spec), ...policyProblems(spec)];
    case 'PeerAuthentication':
      return [...problems, ...selectorProblems(spec['selector']), ...modeProblems(spec)];
    case 'ServiceEntry':
      return [...problems, ...labelProblems(object), ...entryProblems(spec)];
    default:
      return [...problems, `kind ${object.kind} is not Istio's`];
  }
}

type Fields = Readonly<Record<string, unknown>>;

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** `<trust domain>/ns/<namespace>/sa/<account>` and nothing that a matcher reads in another way. */
const PRINCIPAL = /^[a-z0-9._-]+\/ns\/[a-z0-9-]+\/sa\/[a-z0-9.-]+$/;
const GROUP_OF: Readonly<Record<string, string>> = {
  Service: '',
  ServiceEntry: 'networking.istio.io',
  Gateway: 'gateway.networking.k8s.io',
};

function attachmentProblems(spec: Fields): readonly string[] {
  const { selector, targetRefs } = spec;
  if ((selector === undefined) === (targetRefs === undefined)) return ['needs selector or targetRefs, not both (I3)'];
  if (selector !== undefined) return selectorProblems(selector);
  const refs = listOf(targetRefs);
  if (refs.length === 0 || refs.length > 16) return [`${refs.length} targetRefs: from 1 to 16 (I3)`];
  return refs.flatMap((ref) => {
    if (!isRecord(ref) || typeof ref['name'] !== 'string' || typeof ref['kind'] !== 'string') return ['bad targetRef'];
    if (unknownKey(ref, ['group', 'kind', 'name'])) return ['targetRef with another field'];
    if (ref['name'].length === 0 || ref['name'].length > 253) return ['targetRef name: from 1 to 253 characters (I19)'];
    return GROUP_OF[ref['kind']] === ref['group'] ? [] : [`targetRef to ${ref['kind']} in the wrong group`];
  });
}

function selectorProblems(selector: unknown): readonly string[] {
  const labels = isRecord(selector) ? selector['matchLabels'] : undefined;
  if (!isRecord(labels) || Object.keys(labels).length === 0) return ['selector without labels (Z2)'];
  return Object.entries(labels).flatMap(([key, value]) =>
    key === '' || key.includes('*') || typeof value !== 'string' || value.includes('*') || value.length > 63
      ? [`selector label "${key}"`]
      : [],
  );
}

function policyProblems(spec: Fields): readonly string[] {
  const problems: string[] = [];
  if (spec['action'] !== 'ALLOW') problems.push('only ALLOW is written (I7, I8)');
  if (unknownKey(spec, ['selector', 'targetRefs', 'action', 'rules'])) problems.push('a field that is not known');
  if (!('rules' in spec)) return problems;
  const rules = listOf(spec['rules']);
  if (rules.length === 0 || rules.length > 512) problems.push(`${rules.length} rules: from 1 to 512, or no key (I19)`);
  for (const rule of rules) ruleProblems(rule, problems);
  return problems;
}

function ruleProblems(rule: unknown, problems: string[]): void {
  if (!isRecord(rule) || unknownKey(rule, ['from', 'to']))
    return void problems.push('a rule has from and to alone (Z11)');
  const from = listOf(rule['from']);
  const to = listOf(rule['to']);
  if (from.length === 0 || from.length > 512) problems.push(`${from.length} sources in a rule (I19, Z11)`);
  if (to.length === 0) problems.push('a rule without ports');
  for (const entry of from) sourceProblems(isRecord(entry) ? entry['source'] : undefined, problems);
  for (const entry of to) operationProblems(isRecord(entry) ? entry['operation'] : undefined, problems);
}

function sourceProblems(source: unknown, problems: string[]): void {
  if (!isRecord(source) || unknownKey(source, ['principals', 'ipBlocks', 'notPrincipals'])) {
    return void problems.push('a source is principals, or callers without identity');
  }
  const { principals, ipBlocks, notPrincipals } = source;
  if ((principals === undefined) === (notPrincipals === undefined))
    problems.push('a source of both or of neither (Z4)');
  if (principals !== undefined) {
    const names = listOf(principals);
    if (names.length === 0 || ipBlocks !== undefined) problems.push('principals that are empty or mixed');
    if (!names.every((name) => typeof name === 'string' && PRINCIPAL.test(name))) problems.push('a bad principal (I4)');
  } else if (JSON.stringify(notPrincipals) !== '["*"]') {
    problems.push('notPrincipals other than "*" (Z4)');
  }
  if (ipBlocks !== undefined && listOf(ipBlocks).length === 0) problems.push('ipBlocks without a block');
}

function operationProblems(operation: unknown, problems: string[]): void {
  if (!isRecord(operation) || unknownKey(operation, ['ports'])) return void problems.push('L7 fields (I7)');
  const ports = listOf(operation['ports']);
  if (ports.length === 0) problems.push('an operation without ports');
  if (!ports.every((port) => typeof port === 'string' && isPort(port))) problems.push('a port out of 1 to 65535 (Z11)');
}

function modeProblems(spec: Fields): readonly string[] {
  if (unknownKey(spec, ['selector', 'portLevelMtls'])) return ['a mode of its own would no longer inherit (Z6)'];
  const modes = Object.entries(isRecord(spec['portLevelMtls']) ? spec['portLevelMtls'] : {});
  if (modes.length === 0) return ['no portLevelMtls'];
  return modes.flatMap(([port, mode]) =>
    isPort(port) && isRecord(mode) && mode['mode'] === 'PERMISSIVE' ? [] : [`port ${port}`],
  );
}

/** 63 characters is the limit of a label's value; the waypoint's name is one here. */
function labelProblems({ metadata }: KubernetesObject): readonly string[] {
  return Object.entries(metadata.labels).flatMap(([key, value]) => (value.length > 63 ? [`label ${key}`] : []));
}

function entryProblems(spec: Fields): readonly string[] {
  const [host, ...others] = listOf(spec['hosts']);
  if (typeof host !== 'string' || others.length > 0 || !isHost(host)) return ['one host that istiod accepts'];
  const wildcard = host.startsWith('*.');
  const problems: string[] = [];
  if (spec['location'] !== 'MESH_EXTERNAL') problems.push('location');
  if (spec['resolution'] !== (wildcard ? 'DYNAMIC_DNS' : 'DNS')) problems.push('resolution');
  if (unknownKey(spec, ['hosts', 'location', 'ports', 'resolution'])) problems.push('a field that is not known');
  const ports = listOf(spec['ports']).filter(isRecord);
  if (ports.length === 0 || ports.length > 256) problems.push(`${ports.length} ports: from 1 to 256`);
  for (const key of ['name', 'number']) {
    if (new Set(ports.map((port) => port[key])).size < ports.length) problems.push(`two ports of one ${key}`);
  }
  for (const { name, number, protocol } of ports) {
    if (typeof name !== 'string' || !NAME.test(name) || name.length > 63) problems.push('a port name');
    if (!isPort(String(number))) problems.push(`port ${String(number)}`);
    const known = wildcard ? ['HTTP', 'TLS'] : ['GRPC', 'HTTP', 'TCP', 'TLS'];
    if (!known.includes(String(protocol))) problems.push(`protocol ${String(protocol)}`);
  }
  return problems;
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535;
}

function unknownKey(fields: Fields, known: readonly string[]): boolean {
  for (const key in fields) if (!known.includes(key)) return true;
  return false;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
