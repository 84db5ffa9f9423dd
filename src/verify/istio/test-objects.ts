// Builders for tests: only what matters is on the page.
import { type IstioPolicySet, loadIstio } from './load-istio.ts';
import type { MeshConfig, MeshWorkload } from './mesh.ts';

export const MESH: MeshConfig = { trustDomain: 'cluster.local' };

/** A pod `namespace/name` with label `app: name` and a service account of its name. */
export function pod(path: string, more: Partial<MeshWorkload> = {}): MeshWorkload {
  const [namespace = '', name = ''] = path.split('/');
  return { namespace, serviceAccount: name, labels: { app: name }, ip: '10.0.0.1', ...more };
}

/** An AuthorizationPolicy `namespace/name`. */
export function policy(path: string, spec: object, annotations: object = {}): object {
  const [namespace, name] = path.split('/');
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace, name, annotations },
    spec,
  };
}

/** A PeerAuthentication `namespace/name`; `age` in days, the greater the older. */
export function peerAuthentication(path: string, spec: object, age = 0): object {
  const [namespace, name] = path.split('/');
  const creationTimestamp = new Date(Date.UTC(2026, 0, 31 - age)).toISOString();
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { namespace, name, creationTimestamp },
    spec,
  };
}

export const app = (name: string) => ({ selector: { matchLabels: { app: name } } });
export const service = (name: string) => ({ targetRefs: [{ group: '', kind: 'Service', name }] });
export const from = (...sources: readonly object[]) => ({ from: sources.map((source) => ({ source })) });
export const to = (...operations: readonly object[]) => ({ to: operations.map((operation) => ({ operation })) });

/** Loads objects that must all be accepted. */
export function load(objects: readonly object[], mesh: MeshConfig = MESH): IstioPolicySet {
  const set = loadIstio(objects, mesh);
  if (set.refusals.length > 0) throw new Error(set.refusals.map(({ message }) => message).join('; '));
  return set;
}

/** `verdict reason` of ztunnel for one connection. */
export function ask(set: IstioPolicySet, caller: MeshWorkload, callee: MeshWorkload, port = 8080): string {
  const { verdict, reason } = set.judgeZtunnel({ from: caller, to: callee, port });
  return `${verdict} ${reason}`;
}
