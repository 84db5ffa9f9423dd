import type { Finding, LatticeService } from '../../api/index.ts';
import { entriesOf, entryKind, isOutbound } from '../resource/entry.ts';
import { resolveEntry, type Resolved } from '../resource/outputs.ts';
import type { Surroundings } from '../surroundings.ts';
import { lookupFor } from '../template/lookup.ts';
import { Draft, type WorkloadObject } from './draft.ts';
import { configMapName } from './files.ts';
import { renderPods } from './pods.ts';
import { containerPorts, serviceObject } from './ports.ts';
import { autoscaler, disruptionBudget, scaleOf } from './scale.ts';
import { claimObject } from './volumes.ts';

/** A dependency of a service, and where its values come from. */
export interface Dependency extends Omit<Resolved, 'outputs'> {
  readonly name: string;
}

export type Rendered =
  | {
      readonly kind: 'rendered';
      /** In the order in which they are applied. */
      readonly objects: readonly WorkloadObject[];
      readonly dependencies: readonly Dependency[];
      /** Warnings and advice. */
      readonly findings: readonly Finding[];
    }
  /** Nothing of it is made: a service is never rendered in part. */
  | { readonly kind: 'refused'; readonly dependencies: readonly Dependency[]; readonly findings: readonly Finding[] }
  /** It adopts pods that somebody else makes. */
  | { readonly kind: 'adopts' };

/**
 * The objects that run a service. Pure and deterministic: the same service and surroundings give the same bytes. `secretName`:
 * the generated Secret of a service that Lattice itself declares.
 */
export function renderService(
  service: LatticeService,
  namespace: string,
  around: Surroundings,
  secretName?: string,
): Rendered {
  if (!service.spec.containers) return { kind: 'adopts' };
  const draft = new Draft(service, namespace, around, lookupFor(service, namespace, around, secretName));
  const dependencies = dependenciesOf(draft);
  refuseCanary(draft);
  refuseWaiting(draft, dependencies);
  const scale = scaleOf(draft);
  const ports = containerPorts(draft);
  const pods = renderPods(draft, ports, scale);
  const objects = [
    accountObject(draft),
    pods.files.size > 0 || pods.binary.size > 0 ? filesObject(draft, pods.files, pods.binary) : undefined,
    ...pods.claims.map((claim) => claimObject(draft, claim)),
    serviceObject(draft),
    pods.object,
    disruptionBudget(draft, scale),
    autoscaler(draft, pods.object.kind, scale),
  ].filter((object) => object !== undefined);
  const { findings } = draft;
  if (findings.some(({ severity }) => severity === 'error')) return { kind: 'refused', dependencies, findings };
  return { kind: 'rendered', objects, dependencies, findings };
}

/** What a service depends on and gets values from, by entry. */
function dependenciesOf({ service, namespace, around }: Draft): readonly Dependency[] {
  const self = { namespace, name: service.metadata.name };
  return entriesOf(service).flatMap(([name, resource]): Dependency[] => {
    const resolved = resolveEntry(self, name, resource, around);
    if (!resolved) return [];
    const { outputs: _, ...dependency } = resolved;
    return [{ name, ...dependency }];
  });
}

function refuseCanary(draft: Draft): void {
  if (draft.service.spec.deploy?.strategy !== 'canary') return;
  const message =
    'canary is not built yet: what would judge the new pods, and send them a part of the calls, does not exist';
  draft.add('CanaryUnsupported', 'error', ['spec', 'deploy', 'strategy'], message, 'write strategy: rolling');
}

/** `deploy.waitFor`: entries that must be there before anything is made. */
function refuseWaiting(draft: Draft, dependencies: readonly Dependency[]): void {
  for (const [index, name] of (draft.service.spec.deploy?.waitFor ?? []).entries()) {
    const path = ['spec', 'deploy', 'waitFor', index];
    const resource = draft.service.spec.resources?.[name];
    if (!resource || !isOutbound(resource) || entryKind(resource) === 'builtin' || entryKind(resource) === 'volume') {
      const names = dependencies.map((each) => each.name).join(', ');
      const fix = names === '' ? 'take it out' : `one of ${names}`;
      draft.add(
        'WaitForUnknown',
        'error',
        path,
        `"${name}" is no entry of spec.resources that this service calls`,
        fix,
      );
      continue;
    }
    const dependency = dependencies.find((each) => each.name === name);
    if (dependency?.state === 'Resolved') continue;
    const why = dependency?.state === 'NotAgreed' ? 'does not agree' : 'is not there';
    const message = `waits for ${name}: ${dependency?.source ?? name} ${why}`;
    draft.add('DependencyMissing', 'error', path, message, 'declare it and let it agree; or take it out of waitFor');
  }
}

function accountObject(draft: Draft): WorkloadObject | undefined {
  // A ServiceAccount that is named was made by somebody else.
  if (draft.service.spec.serviceAccount !== undefined) return undefined;
  const metadata = { name: draft.name, namespace: draft.namespace, labels: draft.labels };
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false };
}

/** What a ConfigMap can hold: the API server counts keys and values, and etcd the whole. */
const MAX_FILES_BYTES = 1_000_000;

function filesObject(
  draft: Draft,
  text: ReadonlyMap<string, string>,
  binary: ReadonlyMap<string, string>,
): WorkloadObject {
  const bytes = [...text, ...binary].reduce((sum, [key, data]) => sum + key.length + Buffer.byteLength(data), 0);
  if (bytes > MAX_FILES_BYTES) {
    const message = `all files together are ${bytes} bytes, and a ConfigMap holds ${MAX_FILES_BYTES}`;
    draft.add(
      'FilesTooLarge',
      'error',
      ['spec', 'containers'],
      message,
      'put large files into the image or on a volume',
    );
  }
  const sorted = (map: ReadonlyMap<string, string>) =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: configMapName(draft.name), namespace: draft.namespace, labels: draft.labels },
    ...(binary.size > 0 ? { binaryData: sorted(binary) } : {}),
    ...(text.size > 0 ? { data: sorted(text) } : {}),
  };
}
