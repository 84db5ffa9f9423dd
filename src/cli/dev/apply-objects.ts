import type { Finding } from '../../api/index.ts';
import type { ControlPlane } from '../../controlplane/index.ts';
import type { LoadedObject, Places } from '../io/index.ts';
import { ask, isRecord, rootOf, type ServedKind, servedKinds } from './served-kinds.ts';

export interface Applied {
  readonly count: number;
  /** Namespaces that objects are in and that no file declares, made for them; sorted. */
  readonly namespaces: readonly string[];
  /** Objects of kinds that the server does not know. */
  readonly skipped: readonly LoadedObject[];
  /** What the server refused, each an error. */
  readonly refused: readonly Finding[];
}

/**
 * Applies objects to a fresh control plane: namespaces and definitions first, because others need them, and webhooks
 * last, because they judge what comes after them.
 */
export async function applyObjects(
  plane: Pick<ControlPlane, 'inject' | 'settled'>,
  objects: readonly LoadedObject[],
  places: Places,
): Promise<Applied> {
  const refused: Finding[] = [];
  const skipped: LoadedObject[] = [];
  let count = 0;
  const store = async ({ object, kind }: Target): Promise<void> => {
    const problem = await applyOne(plane, object, kind);
    if (problem === undefined) count++;
    else refused.push(finding(object, problem, places));
  };
  const waves = [0, 1, 2, 3].map((wave) => objects.filter((object) => waveOf(object) === wave));
  const [first = [], definitions = [], ...rest] = waves;
  for (const wave of [first, definitions]) {
    for (const target of (await targetsOf(plane, wave)).targets) await store(target);
  }
  // A kind is served when its definition has been accepted.
  await plane.settled();
  const { targets, unknown } = await targetsOf(plane, rest.flat());
  skipped.push(...unknown);
  const namespaces = await makeNamespaces(plane, targets);
  for (const target of targets) await store(target);
  return { count, namespaces, skipped, refused };
}

interface Target {
  readonly object: LoadedObject;
  readonly kind: ServedKind;
}

function waveOf({ apiVersion, kind }: LoadedObject): number {
  if (apiVersion === 'v1' && kind === 'Namespace') return 0;
  if (apiVersion.startsWith('apiextensions.k8s.io/')) return 1;
  return apiVersion.startsWith('admissionregistration.k8s.io/') ? 3 : 2;
}

async function targetsOf(
  plane: Pick<ControlPlane, 'inject'>,
  objects: readonly LoadedObject[],
): Promise<{ readonly targets: readonly Target[]; readonly unknown: readonly LoadedObject[] }> {
  const served = servedKinds(plane);
  const targets: Target[] = [];
  const unknown: LoadedObject[] = [];
  for (const object of objects) {
    const kind = await served(object.apiVersion, object.kind);
    if (kind) targets.push({ object, kind });
    else unknown.push(object);
  }
  return { targets, unknown };
}

async function makeNamespaces(
  plane: Pick<ControlPlane, 'inject'>,
  targets: readonly Target[],
): Promise<readonly string[]> {
  const needed = new Set(targets.flatMap(({ object, kind }) => (kind.namespaced ? [object.namespace] : [])));
  const made: string[] = [];
  for (const name of [...needed].sort()) {
    if ((await ask(plane, 'GET', `/api/v1/namespaces/${encodeURIComponent(name)}`)).status === 200) continue;
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    const { status } = await ask(plane, 'PATCH', applyUrl('v1', 'namespaces', name), object);
    // A name that is none is told of with the objects that are in it.
    if (status < 300) made.push(name);
  }
  return made;
}

/** Undefined: stored. Otherwise why not. */
async function applyOne(
  plane: Pick<ControlPlane, 'inject'>,
  object: LoadedObject,
  kind: ServedKind,
): Promise<string | undefined> {
  if (object.name === '') return 'has no metadata.name: what is applied needs one';
  const within = kind.namespaced ? `namespaces/${encodeURIComponent(object.namespace)}/` : '';
  const url = applyUrl(object.apiVersion, `${within}${kind.plural}`, object.name);
  const { status, body } = await ask(plane, 'PATCH', url, object.raw);
  if (status < 300) return undefined;
  return isRecord(body) && typeof body['message'] === 'string' ? body['message'] : `refused with ${status}`;
}

/** As kubectl applies on the server: who goes on with kubectl owns the fields already, and has no conflicts. */
function applyUrl(apiVersion: string, collection: string, name: string): string {
  const query = 'fieldManager=kubectl&fieldValidation=Strict&force=true';
  return `${rootOf(apiVersion)}/${collection}/${encodeURIComponent(name)}?${query}`;
}

function finding(object: LoadedObject, message: string, places: Places): Finding {
  return {
    code: 'InvalidManifest',
    severity: 'error',
    message,
    object: { kind: object.kind, namespace: object.namespace, name: object.name },
    ...places.of(object, ['metadata', 'name']),
  };
}
