import type { ClusterValues } from '../surroundings.ts';
import type { Found, Lookup } from '../template/evaluate.ts';
import { clusterValues } from '../template/lookup.ts';
import { pathText } from '../template/parse.ts';
import { textValue } from '../value.ts';
import type { Claim } from './instance.ts';

/** What the templates of a class may refer to: `resource.name`, `resource.namespace`, `params.NAME`, `cluster.KEY`. */
export function classLookup(claim: Claim, cluster: ClusterValues): Lookup {
  const [namespace = '', name = ''] = claim.instance.split('/');
  const roots: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    resource: { name, namespace, type: claim.type, class: claim.class },
    params: claim.params,
    cluster: clusterValues({ cluster }),
  };
  return (path): Found => {
    const [root, ...rest] = path;
    const values = Object.hasOwn(roots, root) ? roots[root] : undefined;
    if (!values) return { kind: 'unknown', why: `there is no ${pathText([root])}`, available: Object.keys(roots) };
    const key = rest.join('.');
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return { kind: 'value', value: textValue(String(value)) };
    }
    const available = Object.keys(values).map((each) => pathText([root, each]));
    const why =
      value === undefined ? `${root} has no ${JSON.stringify(key)}` : `${pathText(path)} is a list or a map, no text`;
    return { kind: root === 'params' && value === undefined ? 'unset' : 'unknown', why, available };
  };
}
