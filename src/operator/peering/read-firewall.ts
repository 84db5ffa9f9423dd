import { at, type JsonObject } from '../../kube/index.ts';
import type { FirewallConfiguration } from '../../peering/index.ts';

/** A FirewallConfiguration as it is stored, with what Liqo's nodes say of it. */
export interface StoredFirewall {
  readonly object: FirewallConfiguration;
  /** Key of the PeeringConnectivity that it was written for. */
  readonly owner: string | undefined;
  readonly conditions: readonly { readonly host: string; readonly type: string; readonly status: string }[];
}

/** Reads what is stored; undefined for what has not the shape that we write: that is written anew. */
export function readFirewall(raw: JsonObject): StoredFirewall | undefined {
  const object = { ...raw, apiVersion: 'networking.liqo.io/v1beta1', kind: 'FirewallConfiguration' };
  if (!isFirewall(object)) return undefined;
  const { name, namespace, labels } = object.metadata;
  const { apiVersion, kind, spec } = object;
  return {
    object: { apiVersion, kind, metadata: { name, namespace, labels }, spec },
    owner: ownerOf(raw, namespace),
    conditions: nodeConditions(raw),
  };
}

/** What Liqo's nodes say of a FirewallConfiguration as it was read. */
export function nodeConditions(raw: unknown): StoredFirewall['conditions'] {
  return listOf(at(raw, 'status', 'conditions')).flatMap((each) => {
    const [host, type, status] = [at(each, 'host'), at(each, 'type'), at(each, 'status')];
    return typeof host === 'string' && typeof type === 'string' && typeof status === 'string'
      ? [{ host, type, status }]
      : [];
  });
}

function ownerOf(raw: unknown, namespace: string): string | undefined {
  const owner = listOf(at(raw, 'metadata', 'ownerReferences')).find(
    (each) => at(each, 'kind') === 'PeeringConnectivity',
  );
  const name = at(owner, 'name');
  return typeof name === 'string' ? `${namespace}/${name}` : undefined;
}

/** As deep as it is looked into. */
function isFirewall(value: object): value is FirewallConfiguration {
  const table = at(value, 'spec', 'table');
  const chains = at(table, 'chains');
  const sets = at(table, 'sets');
  return (
    typeof at(value, 'metadata', 'name') === 'string' &&
    typeof at(value, 'metadata', 'namespace') === 'string' &&
    typeof at(table, 'name') === 'string' &&
    Array.isArray(chains) &&
    chains.every((chain: unknown) => isChain(chain)) &&
    (sets === undefined || (Array.isArray(sets) && sets.every((set: unknown) => isSet(set))))
  );
}

function isChain(chain: unknown): boolean {
  const rules = at(chain, 'rules', 'filterRules');
  return (
    typeof at(chain, 'name') === 'string' &&
    Array.isArray(rules) &&
    rules.every((rule: unknown) => Array.isArray(at(rule, 'match')))
  );
}

function isSet(set: unknown): boolean {
  const elements = at(set, 'elements');
  return (
    typeof at(set, 'name') === 'string' &&
    Array.isArray(elements) &&
    elements.every((element: unknown) => isElement(element))
  );
}

/** Asked of thousands. */
function isElement(element: unknown): boolean {
  return typeof element === 'object' && element !== null && 'key' in element && typeof element.key === 'string';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
