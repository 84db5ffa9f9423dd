// Kinds and objects for tests, naming only what matters.
import { untyped } from '../kind.ts';

export const CONFIG_MAP = untyped({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});
export const NODE = untyped({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });
export const DEPLOYMENT = untyped({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
});

/** A ConfigMap called `namespace/name` with this data and these labels. */
export function configMap(
  key: string,
  data: Readonly<Record<string, string>> = {},
  labels: Readonly<Record<string, string>> = {},
) {
  const [namespace = '', name = ''] = key.split('/');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    data,
  };
}
