import type { ControlPlane } from '../../controlplane/index.ts';
import { type Proof, prove } from '../../verify/index.ts';
import type { GraphFlags } from '../flags.ts';
import { inputOf } from '../load-graph.ts';
import type { DevInput } from './input.ts';
import { ask, isRecord } from './served-kinds.ts';

/** Where the objects of each engine are. */
const COLLECTIONS: Readonly<Record<GraphFlags['engine'][number], readonly string[]>> = {
  cilium: ['/apis/cilium.io/v2/ciliumnetworkpolicies'],
  istio: [
    '/apis/security.istio.io/v1/authorizationpolicies',
    '/apis/security.istio.io/v1/peerauthentications',
    '/apis/networking.istio.io/v1/serviceentries',
  ],
  kubernetes: ['/apis/networking.k8s.io/v1/networkpolicies'],
};

/** Asks the evaluators about the objects that are stored: do they allow exactly what the input agrees? */
export async function proveStored(
  plane: Pick<ControlPlane, 'inject'>,
  { declared, config }: DevInput,
  flags: Omit<GraphFlags, 'namespace'>,
): Promise<{ readonly proof: Proof; readonly objects: number }> {
  const { graph, options } = inputOf(declared, { ...flags, namespace: 'default' }, config, 'live');
  const lists = flags.engine.flatMap((engine) => COLLECTIONS[engine]);
  const objects = (await Promise.all(lists.map((path) => itemsAt(plane, path)))).flat();
  const { engines, clusterName, trustDomain, exemptions } = options;
  const proof = prove({ graph, objects, engines, clusterName, trustDomain, exemptions });
  return { proof, objects: objects.length };
}

async function itemsAt(plane: Pick<ControlPlane, 'inject'>, path: string): Promise<readonly unknown[]> {
  const { status, body } = await ask(plane, 'GET', path);
  if (status !== 200 || !isRecord(body)) return [];
  const { items, apiVersion, kind } = body;
  // Items of built-in kinds come without apiVersion and kind: the list says it once.
  const named = { apiVersion, kind: String(kind).replace(/List$/, '') };
  return Array.isArray(items) ? items.map((item: unknown) => (isRecord(item) ? { ...named, ...item } : item)) : [];
}
