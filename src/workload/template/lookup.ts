import type { LatticeService } from '../../api/index.ts';
import { resolveEntry } from '../resource/outputs.ts';
import { entriesOf, entryKind } from '../resource/entry.ts';
import type { Surroundings } from '../surroundings.ts';
import { secretValue, textValue } from '../value.ts';
import type { Found, Lookup } from './evaluate.ts';
import { pathText } from './parse.ts';

const ROOTS = ['metadata', 'resources', 'env', 'config', 'cluster'];

/** What the templates of a service may refer to. `secretName`: where `${secret.KEY}` lives, for services that Lattice itself declares. */
export function lookupFor(
  service: LatticeService,
  namespace: string,
  around: Surroundings,
  secretName?: string,
): Lookup {
  return (path) => {
    const [root, ...rest] = path;
    switch (root) {
      case 'metadata':
        return metadataOf(service, namespace, rest);
      case 'resources':
        return resourceOf(service, namespace, rest, around);
      case 'env':
        return keyed('env', around.cluster.env, rest);
      case 'config':
        return keyed('config', around.config(namespace), rest);
      case 'cluster':
        return keyed('cluster', clusterValues(around), rest);
      case 'secret': {
        const [key] = rest;
        if (secretName === undefined || key === undefined) return unknownRoot(root);
        return { kind: 'value', value: secretValue({ name: secretName, key }) };
      }
      default:
        return unknownRoot(root);
    }
  };
}

/** `name`, `domain`, `trust_domain` and what the administrator added. */
export function clusterValues({ cluster }: Pick<Surroundings, 'cluster'>): Readonly<Record<string, string>> {
  return { ...cluster.more, name: cluster.name, domain: cluster.domain, trust_domain: cluster.trustDomain };
}

function unknownRoot(root: string): Found {
  return { kind: 'unknown', why: `there is no ${pathText([root])}`, available: ROOTS };
}

function metadataOf(service: LatticeService, namespace: string, rest: readonly string[]): Found {
  const [field, ...key] = rest;
  if (field === 'name' && key.length === 0) return found(service.metadata.name);
  if (field === 'namespace' && key.length === 0) return found(namespace);
  if (field === 'labels' || field === 'annotations') {
    return keyed(`metadata.${field}`, service.metadata[field] ?? {}, key);
  }
  const available = ['name', 'namespace', 'labels.KEY', 'annotations.KEY'].map((each) => `metadata.${each}`);
  return { kind: 'unknown', why: `there is no ${pathText(['metadata', ...rest])}`, available };
}

/** A map of the user's: keys may have dots in them, written as they are or in brackets. */
function keyed(root: string, values: Readonly<Record<string, string>>, rest: readonly string[]): Found {
  const available = Object.keys(values).map((key) => pathText([...root.split('.'), key]));
  if (rest.length === 0) return { kind: 'unknown', why: `${root} needs a key, as in ${root}.KEY`, available };
  const key = rest.join('.');
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  if (value !== undefined) return found(value);
  return { kind: 'unset', why: `${root} has no ${JSON.stringify(key)}`, available };
}

function resourceOf(service: LatticeService, namespace: string, rest: readonly string[], around: Surroundings): Found {
  const [name, ...fields] = rest;
  const entries = entriesOf(service);
  const entry = entries.find(([each]) => each === name);
  if (name === undefined || !entry) {
    const available = entries.map(([each]) => pathText(['resources', each]));
    return { kind: 'unknown', why: `there is no ${pathText(['resources', ...rest.slice(0, 1)])}`, available };
  }
  const [, resource] = entry;
  if (entryKind(resource) === 'volume') {
    if (fields.length === 0) return found(name);
    return { kind: 'unknown', why: `the volume ${name} has no fields`, available: [pathText(['resources', name])] };
  }
  const resolved = resolveEntry({ namespace, name: service.metadata.name }, name, resource, around);
  if (!resolved) {
    const why = `${pathText(['resources', name])} gives no values: it is a caller, a "*" or a built-in peer`;
    return { kind: 'unknown', why, available: [] };
  }
  const field = fields.join('.');
  const output = resolved.outputs.get(field);
  if (output) return output;
  if (resolved.outputs.size === 0) {
    return { kind: 'pending', why: `no ${resolved.source} is there` };
  }
  const available = [...resolved.outputs.keys()].map((each) => pathText(['resources', name, each]));
  if (resolved.state === 'Missing') return { kind: 'pending', why: `${resolved.source} is not there` };
  return { kind: 'unknown', why: `${resolved.source} gives no ${JSON.stringify(field)}`, available };
}

function found(text: string): Found {
  return { kind: 'value', value: textValue(text) };
}
