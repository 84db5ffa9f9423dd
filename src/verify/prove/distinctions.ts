import { type Cidr, parseCidr } from '../../api/index.ts';
import type { Labels, Workload } from '../../graph/index.ts';

/** A set of pods that some selector singles out; undefined = it does not say. */
export interface Singled {
  readonly namespace: string | undefined;
  readonly account: string | undefined;
  readonly labels: Labels;
  readonly cluster?: string;
  readonly namespaceLabels?: Labels;
  /** Of a principal that is not the mesh's own. */
  readonly trustDomain?: string;
  /** It is told by an identity of the mesh, which only a pod in the mesh has. */
  readonly meshed?: boolean;
}

/** What objects can tell apart besides what the declarations do. */
export interface Distinctions {
  readonly selectors: readonly Singled[];
  readonly cidrs: readonly Cidr[];
  /** Names and patterns (`*.example.com`) that some object mentions. */
  readonly names: readonly string[];
}

const NAMESPACE = 'io.kubernetes.pod.namespace';
const ACCOUNT = 'io.cilium.k8s.policy.serviceaccount';
const CLUSTER = 'io.cilium.k8s.policy.cluster';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
const METADATA_NAME = 'kubernetes.io/metadata.name';
const NAMESPACE_NAME = `${NAMESPACE_LABELS}${METADATA_NAME}`;

/**
 * Reads from objects of any shape every selector, range and name in them, wherever it stands. Selectors that a declared
 * service has anyway are left out: their pods are in the universe already.
 */
export function distinctionsOf(
  objects: readonly unknown[],
  workloads: Iterable<Workload>,
  { clusterName, trustDomain }: { readonly clusterName: string; readonly trustDomain: string },
): Distinctions {
  const found = new Finder(declaredSelectors(workloads), clusterName, trustDomain);
  for (const object of objects) found.object(object);
  return { selectors: [...found.selectors.values()], cidrs: [...found.cidrs.values()], names: [...found.names] };
}

function declaredSelectors(workloads: Iterable<Workload>): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const { namespace, selectors, accounts } of workloads) {
    for (const labels of selectors) {
      for (const account of [undefined, ...accounts]) texts.add(singledText({ namespace, account, labels }));
      for (const account of accounts) texts.add(singledText({ namespace, account, labels: {} }));
    }
  }
  return texts;
}

class Finder {
  readonly selectors = new Map<string, Singled>();
  readonly cidrs = new Map<string, Cidr>();
  readonly names = new Set<string>();
  readonly #known: ReadonlySet<string>;
  readonly #clusterName: string;
  readonly #trustDomain: string;

  constructor(known: ReadonlySet<string>, clusterName: string, trustDomain: string) {
    this.#known = known;
    this.#clusterName = clusterName;
    this.#trustDomain = trustDomain;
  }

  object(object: unknown): void {
    if (!isRecord(object)) return;
    const { metadata } = object;
    const namespace =
      isRecord(metadata) && typeof metadata['namespace'] === 'string' ? metadata['namespace'] : undefined;
    this.#walk('', object['spec'], namespace);
    this.#walk('', object['specs'], namespace);
  }

  /** `field` is the nearest field name above the value. */
  #walk(field: string, value: unknown, home: string | undefined): void {
    if (typeof value === 'string') this.#text(field, value, home);
    else if (Array.isArray(value)) for (const each of value) this.#walk(field, each, home);
    else if (isRecord(value)) {
      if ('matchLabels' in value || 'matchExpressions' in value)
        this.#selector(value, home, field === 'namespaceSelector');
      else for (const key in value) if (Object.hasOwn(value, key)) this.#walk(key, value[key], home);
    }
  }

  #selector(selector: Readonly<Record<string, unknown>>, home: string | undefined, ofNamespace: boolean): void {
    const labels: Record<string, string> = {};
    const namespaceLabels: Record<string, string> = {};
    let namespace = ofNamespace ? undefined : home;
    let cluster: string | undefined;
    const accounts: (string | undefined)[] = [];
    for (const [rawKey, value] of pairsOf(selector)) {
      const key = rawKey.replace(/^(k8s|any)[:.]/, '');
      if (key === NAMESPACE || key === NAMESPACE_NAME || (ofNamespace && key === METADATA_NAME)) namespace = value;
      else if (key === ACCOUNT) accounts.push(value);
      else if (key === CLUSTER) cluster = value;
      else if (key.startsWith(NAMESPACE_LABELS)) namespaceLabels[key.slice(NAMESPACE_LABELS.length)] = value;
      else if (ofNamespace) namespaceLabels[key] = value;
      else if (!key.startsWith('reserved')) labels[key] = value;
    }
    const other = cluster !== undefined && cluster !== this.#clusterName ? { cluster } : {};
    const dressed = Object.keys(namespaceLabels).length > 0 ? { namespaceLabels } : {};
    for (const account of accounts.length === 0 ? [undefined] : accounts) {
      this.#add({ namespace, account, labels, ...other, ...dressed });
    }
  }

  #text(field: string, text: string, home: string | undefined): void {
    const cidr = parseCidr(text);
    if (cidr) this.cidrs.set(`${cidr.family} ${cidr.first}/${cidr.prefix}`, cidr);
    if (field === 'matchName' || field === 'matchPattern') this.names.add(text.replace(/\.$/, ''));
    // A pattern stands for what it covers: one instance of it.
    const plain = text.replaceAll('*', 'x');
    if (field === 'namespaces' || field === 'notNamespaces')
      this.#add({ namespace: plain, account: undefined, labels: {}, meshed: true });
    if (field === 'serviceAccounts' || field === 'notServiceAccounts') {
      const [namespace, account] = plain.includes('/') ? plain.split('/', 2) : [home, plain];
      this.#add({ namespace, account, labels: {}, meshed: true });
    }
    const principal = /^(?:spiffe:\/\/)?(.*?)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(plain);
    if (!principal) return;
    const [, trustDomain = '', namespace, account] = principal;
    const foreign = trustDomain !== this.#trustDomain && trustDomain !== '' ? { trustDomain } : {};
    this.#add({ namespace, account, labels: {}, ...foreign, meshed: true });
  }

  #add(singled: Singled): void {
    const text = singledText(singled);
    if (this.#known.has(text)) return;
    const id = singled.meshed ? `${text} meshed` : text;
    if (!this.selectors.has(id)) this.selectors.set(id, singled);
  }
}

function* pairsOf(selector: Readonly<Record<string, unknown>>): Iterable<readonly [string, string]> {
  const { matchLabels, matchExpressions } = selector;
  if (isRecord(matchLabels))
    for (const [key, value] of Object.entries(matchLabels)) if (typeof value === 'string') yield [key, value];
  if (!Array.isArray(matchExpressions)) return;
  for (const expression of matchExpressions) {
    if (!isRecord(expression) || typeof expression['key'] !== 'string') continue;
    const { values } = expression;
    if (!Array.isArray(values) || values.length === 0) yield [expression['key'], 'lattice-any'];
    else for (const value of values) if (typeof value === 'string') yield [expression['key'], value];
  }
}

function singledText({ namespace, account, labels, cluster, namespaceLabels, trustDomain }: Singled): string {
  const rest =
    cluster === undefined && !namespaceLabels && trustDomain === undefined
      ? ''
      : JSON.stringify([cluster, namespaceLabels, trustDomain]);
  return `${namespace ?? '*'} ${account ?? '*'} ${pairText(labels)}${rest}`;
}

function pairText(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ''}`)
    .join(',');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
