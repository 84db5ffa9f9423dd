import { entriesOf, entryKind, isOutbound } from '../resource/entry.ts';
import { renderContainer } from './container.ts';
import type { Draft, WorkloadObject } from './draft.ts';
import { contentHash } from './files.ts';
import type { Scale } from './scale.ts';
import { claimTemplate, podVolume, readVolume, type Volume } from './volumes.ts';

type Field = Readonly<Record<string, unknown>>;
type Claim = Extract<Volume, { kind: 'claim' }>;

export interface RenderedPods {
  /** The Deployment, or a StatefulSet where a volume asks for identity. */
  readonly object: WorkloadObject;
  /** Claims that all pods share. */
  readonly claims: readonly Claim[];
  readonly files: ReadonlyMap<string, string>;
  readonly binary: ReadonlyMap<string, string>;
}

/** Changes exactly when the content of the files changes, so that pods roll then. */
const CONTENT_HASH = 'lattice.dev/content-hash';

export function renderPods(draft: Draft, ports: readonly Field[], scale: Scale): RenderedPods {
  const containers = Object.entries(draft.service.spec.containers ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, declared], index) => renderContainer(draft, name, declared, index === 0 ? ports : []));
  const used = new Set(containers.flatMap(({ volumes }) => volumes));
  const volumes = entriesOf(draft.service).flatMap(([entry, resource]): Volume[] => {
    const volume = entryKind(resource) === 'volume' ? readVolume(draft, entry, resource) : undefined;
    return volume && used.has(entry) ? [volume] : [];
  });
  const claims = volumes.filter((volume) => volume.kind === 'claim');
  const [own, shared] = [claims.filter(({ identity }) => identity), claims.filter(({ identity }) => !identity)];
  refuseSharing(draft, shared, scale);
  const hash = contentHash(containers.map(({ files }) => files));
  const groups = containers.flatMap(({ group }) => (group === undefined ? [] : [group]));
  const podVolumes = [
    ...containers.flatMap(({ files }) => files.volumes),
    ...volumes.flatMap((volume) => podVolume(draft, volume) ?? []),
  ];
  const template = {
    metadata: { labels: draft.labels, ...(hash === undefined ? {} : { annotations: { [CONTENT_HASH]: hash } }) },
    spec: {
      automountServiceAccountToken: callsApiServer(draft),
      containers: containers.map(({ container }) => container),
      // Variables such as REDIS_PORT=tcp://..., for every Service of the namespace, break programs that use such names.
      enableServiceLinks: false,
      securityContext: {
        ...(volumes.length > 0 && groups.length > 0
          ? { fsGroup: Math.min(...groups), fsGroupChangePolicy: 'OnRootMismatch' }
          : {}),
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      serviceAccountName: draft.service.spec.serviceAccount ?? draft.name,
      ...(podVolumes.length > 0 ? { volumes: podVolumes } : {}),
    },
  };
  const object = own.length > 0 ? statefulSet(draft, scale, template, own) : deployment(draft, scale, template, shared);
  const texts = containers.flatMap(({ files }) => [...files.text]);
  const binaries = containers.flatMap(({ files }) => [...files.binary]);
  return { object, claims: shared, files: new Map(texts), binary: new Map(binaries) };
}

function deployment(draft: Draft, scale: Scale, template: Field, claims: readonly Claim[]): WorkloadObject {
  // A disk of one node: the old pod must let go of it before the new one can start.
  const exclusive = claims.some(isExclusive);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: draft.name, namespace: draft.namespace, labels: draft.labels },
    spec: {
      ...replicas(scale),
      selector: { matchLabels: draft.selector },
      strategy: exclusive
        ? { type: 'Recreate' }
        : { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template,
    },
  };
}

function statefulSet(draft: Draft, scale: Scale, template: Field, claims: readonly Claim[]): WorkloadObject {
  const whenDeleted = claims.every(({ keep }) => !keep) ? 'Delete' : 'Retain';
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: draft.name, namespace: draft.namespace, labels: draft.labels },
    spec: {
      persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' },
      ...replicas(scale),
      selector: { matchLabels: draft.selector },
      serviceName: draft.name,
      template,
      volumeClaimTemplates: claims.map((claim) => claimTemplate(draft, claim)),
    },
  };
}

/** Where an autoscaler chooses the number, it is nobody else's to write. */
function replicas({ least, most }: Scale): Field {
  return most === undefined ? { replicas: least } : {};
}

function isExclusive({ accessMode }: Claim): boolean {
  return accessMode === 'ReadWriteOnce' || accessMode === 'ReadWriteOncePod';
}

function refuseSharing(draft: Draft, claims: readonly Claim[], { least, most = least }: Scale): void {
  if (most < 2) return;
  for (const { entry, accessMode } of claims.filter(isExclusive)) {
    const message = `${most} pods cannot share a volume of access mode ${accessMode}`;
    const fix = 'write params: {identity: true} for a volume of each pod, or accessMode: ReadWriteMany';
    draft.add('VolumeNotShared', 'error', ['spec', 'resources', entry], message, fix);
  }
}

/** A token of the API server is for those who declare that they call it. */
function callsApiServer({ service }: Draft): boolean {
  return entriesOf(service).some(
    ([entry, resource]) =>
      resource.type === 'builtin' && (resource.id ?? entry) === 'apiserver' && isOutbound(resource),
  );
}
