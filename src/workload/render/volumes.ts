import type { ServiceResource } from '../../api/index.ts';
import { DELETE_DATA, labelOf } from '../name.ts';
import { plainText } from '../value.ts';
import type { Draft, Path, WorkloadObject } from './draft.ts';
import type { Mount } from './files.ts';

/** An entry of `resources` of type volume, understood. */
export type Volume =
  | { readonly kind: 'empty'; readonly entry: string; readonly size: string | undefined }
  | { readonly kind: 'existing'; readonly entry: string; readonly claim: string }
  | {
      readonly kind: 'claim';
      readonly entry: string;
      /** Each pod has its own, and keeps it: a StatefulSet. */
      readonly identity: boolean;
      readonly size: string;
      readonly storageClass: string | undefined;
      readonly accessMode: string;
      readonly keep: boolean;
    };

const FIELDS = ['accessMode', 'claim', 'ephemeral', 'identity', 'onDelete', 'size', 'storageClass'] as const;
const MODES = ['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod'];
const QUANTITY = /^\d+(\.\d+)?([KMGTPE]i|[kMGTPE])?$/;
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Reads the parameters of a volume; undefined when something is wrong, which is a finding then. */
export function readVolume(
  draft: Draft,
  entry: string,
  { params = {}, class: storage }: ServiceResource,
): Volume | undefined {
  const path: Path = ['spec', 'resources', entry, 'params'];
  const before = draft.findings.length;
  const wrong = (field: string, message: string): void =>
    draft.add('VolumeInvalid', 'error', [...path, field], message);
  const given = (field: (typeof FIELDS)[number]): unknown => params[field];
  for (const field of Object.keys(params)) {
    if (!FIELDS.some((known) => known === field))
      wrong(field, `is no parameter of a volume: there are ${FIELDS.join(', ')}`);
  }
  const text = (field: (typeof FIELDS)[number], pattern: RegExp, expected: string): string | undefined => {
    const value = given(field);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && pattern.test(value)) return value;
    wrong(field, `must be ${expected}`);
    return undefined;
  };
  const flag = (field: (typeof FIELDS)[number]): boolean => {
    const value = given(field);
    if (value !== undefined && typeof value !== 'boolean') wrong(field, 'must be true or false');
    return value === true;
  };
  const size = text('size', QUANTITY, 'bytes such as 10Gi');
  const claim = text('claim', NAME, 'the name of a PersistentVolumeClaim');
  const storageClass = text('storageClass', NAME, 'the name of a StorageClass') ?? storage;
  const accessMode = text('accessMode', new RegExp(`^(${MODES.join('|')})$`), MODES.join(' or ')) ?? 'ReadWriteOnce';
  const onDelete = text('onDelete', /^(keep|delete)$/, 'keep (default) or delete') ?? 'keep';
  const [ephemeral, identity] = [flag('ephemeral'), flag('identity')];
  if ([ephemeral, identity, claim !== undefined].filter(Boolean).length > 1) {
    wrong('identity', 'ephemeral, identity and claim exclude each other');
  }
  if (draft.findings.length > before) return undefined;
  if (ephemeral) return { kind: 'empty', entry, size };
  if (claim !== undefined) return { kind: 'existing', entry, claim };
  return { kind: 'claim', entry, identity, size: size ?? '1Gi', storageClass, accessMode, keep: onDelete === 'keep' };
}

/** The mounts of a container, and the entries that they use. */
export function renderMounts(
  draft: Draft,
  volumes: NonNullable<NonNullable<Draft['service']['spec']['containers']>[string]['volumes']>,
  path: Path,
): { readonly mounts: readonly Mount[]; readonly entries: readonly string[] } {
  const mounts: Mount[] = [];
  const entries: string[] = [];
  for (const target of Object.keys(volumes).sort()) {
    const declared = volumes[target];
    const here = [...path, target];
    const value = declared && draft.value(declared.source, [...here, 'source']);
    const entry = value && plainText(value);
    if (!declared || !value) continue;
    const resource = entry === undefined ? undefined : draft.service.spec.resources?.[entry];
    if (entry === undefined || resource?.type !== 'volume') {
      const known = Object.entries(draft.service.spec.resources ?? {}).filter(([, each]) => each.type === 'volume');
      const names = known.map(([name]) => name).sort();
      const fix = `write source: "\${resources.NAME}" with an entry of type volume under spec.resources${names.length > 0 ? `: ${names.join(', ')}` : ''}`;
      draft.add('VolumeInvalid', 'error', [...here, 'source'], 'names no resource of type volume', fix);
      continue;
    }
    if (declared.path !== undefined && (declared.path.startsWith('/') || declared.path.split('/').includes('..'))) {
      draft.add(
        'VolumeInvalid',
        'error',
        [...here, 'path'],
        'must be a path inside of the volume: relative, without ".."',
      );
      continue;
    }
    entries.push(entry);
    mounts.push({
      name: volumeName(entry),
      mountPath: target,
      ...(declared.path === undefined || declared.path === '' ? {} : { subPath: declared.path }),
      ...(declared.readOnly === true ? { readOnly: true } : {}),
    });
  }
  return { mounts, entries };
}

/** The pod's name of a volume. */
function volumeName(entry: string): string {
  return labelOf(`volume-${entry}`);
}

/** The volume in the pod; undefined for one that a StatefulSet makes for each pod. */
export function podVolume(draft: Draft, volume: Volume): Readonly<Record<string, unknown>> | undefined {
  const name = volumeName(volume.entry);
  switch (volume.kind) {
    case 'empty':
      return { name, emptyDir: volume.size === undefined ? {} : { sizeLimit: volume.size } };
    case 'existing':
      return { name, persistentVolumeClaim: { claimName: volume.claim } };
    case 'claim':
      return volume.identity ? undefined : { name, persistentVolumeClaim: { claimName: claimName(draft, volume) } };
  }
}

/** A dot keeps service and entry apart: neither name of a service has one. */
function claimName(draft: Draft, { entry }: Volume): string {
  return `${draft.name}.${labelOf(entry)}`;
}

type Claim = Extract<Volume, { kind: 'claim' }>;

export function claimObject(draft: Draft, volume: Claim): WorkloadObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(draft, volume),
      namespace: draft.namespace,
      labels: draft.labels,
      ...(volume.keep ? {} : { annotations: { [DELETE_DATA]: 'delete' } }),
    },
    spec: claimSpec(volume),
  };
}

export function claimTemplate(draft: Draft, volume: Claim): Readonly<Record<string, unknown>> {
  // Immutable once made, so nothing but the name and the labels that never change.
  return { metadata: { name: volumeName(volume.entry), labels: draft.labels }, spec: claimSpec(volume) };
}

function claimSpec({ accessMode, size, storageClass }: Claim): Readonly<Record<string, unknown>> {
  return {
    accessModes: [accessMode],
    resources: { requests: { storage: size } },
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
  };
}
