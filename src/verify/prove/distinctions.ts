import { type Cidr, parseCidr } from '../../api/index.ts';
import type { Labels, ServiceGraph } from '../../graph/index.ts';

/** A set of pods that some selector singles out; undefined = it does not say. */
export interface Singled {
  readonly namespace: string | undefined;
  readonly account: string | undefined;
  readonly labels: Labels;
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

/**
 * Reads from objects of any shape every selector, range and name in them, wherever it stands. Selectors that a declared
 * service has anyway are left out: their pods are in the universe already.
 */
export function distinctionsOf(objects: readonly unknown[], graph: ServiceGraph): Distinctions {
  const found = new Finder(declaredSelectors(graph));
  for (const object of objects) found.object(object);
  return { selectors: [...found.selectors.values()], cidrs: [...found.cidrs.values()], names: [...found.names] };
}

function declaredSelectors(graph: ServiceGraph): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const { namespace, selectors, accounts } of graph.state.workloads.values()) {
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

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  object(object: unknown): void {
    if (!isRecord(object)) return;
    const { metadata } = object;
    const namespace =
      isRecord(metadata) && typeof metadata['namespace'] === 'string' ? metadata['namespace'] : undefined;
    this.#walk(object['spec'], namespace);
    this.#walk(object['specs'], namespace);
  }

  #walk(value: unknown, namespace: string | undefined): void {
    if (typeof value === 'string') this.#text(value, namespace);
    else if (Array.isArray(value)) for (const each of value) this.#walk(each, namespace);
    else if (isRecord(value)) {
      if ('matchLabels' in value || 'matchExpressions' in value) this.#selector(value, namespace);
      else for (const key in value) if (Object.hasOwn(value, key)) this.#walk(value[key], namespace);
    }
  }

  #selector(selector: Readonly<Record<string, unknown>>, home: string | undefined): void {
    const labels: Record<string, string> = {};
    let namespace = home;
    const accounts: (string | undefined)[] = [];
    for (const [rawKey, value] of pairsOf(selector)) {
      const key = rawKey.replace(/^(k8s|any)[:.]/, '');
      if (key === NAMESPACE) namespace = value;
      else if (key === ACCOUNT) accounts.push(value);
      else if (key !== CLUSTER && !key.startsWith('io.cilium.k8s.namespace.labels.') && !key.startsWith('reserved'))
        labels[key] = value;
    }
    for (const account of accounts.length === 0 ? [undefined] : accounts) {
      const singled = { namespace, account, labels };
      const text = singledText(singled);
      if (!this.#known.has(text) && !this.selectors.has(text)) this.selectors.set(text, singled);
    }
  }

  #text(text: string, namespace: string | undefined): void {
    const cidr = parseCidr(text);
    if (cidr) this.cidrs.set(`${cidr.family} ${cidr.first}/${cidr.prefix}`, cidr);
    else if (/^(\*{1,2}\.)?([a-z0-9-]+\.)+[a-z]{2,}$/.test(text)) this.names.add(text);
    const principal = /\/ns\/([a-z0-9-]+)\/sa\/([a-z0-9.-]+)$/.exec(text);
    if (!principal) return;
    const singled = { namespace: principal[1] ?? namespace, account: principal[2], labels: {} };
    const key = singledText(singled);
    if (!this.#known.has(key) && !this.selectors.has(key)) this.selectors.set(key, singled);
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

function singledText({ namespace, account, labels }: Singled): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ''}`);
  return `${namespace ?? '*'} ${account ?? '*'} ${pairs.join(',')}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
