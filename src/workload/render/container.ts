import type { DeclaredContainer } from '../../api/index.ts';
import type { Draft, Path } from './draft.ts';
import { renderEnvironment } from './environment.ts';
import { type Mount, type RenderedFiles, renderFiles } from './files.ts';
import { type ProbeKind, renderProbe } from './probes.ts';
import { exceeds, quantityText } from './quantity.ts';
import { renderMounts } from './volumes.ts';

type Field = Readonly<Record<string, unknown>>;

export interface RenderedContainer {
  readonly container: Field;
  readonly files: RenderedFiles;
  /** Entries of type volume that are mounted. */
  readonly volumes: readonly string[];
  /** The group that owns the volumes. */
  readonly group: number | undefined;
}

/** One container of the pod. `ports` are the pod's, told by its first container alone. */
export function renderContainer(
  draft: Draft,
  name: string,
  declared: DeclaredContainer,
  ports: readonly Field[],
): RenderedContainer {
  const path: Path = ['spec', 'containers', name];
  refuseTemplates(draft, declared, path);
  const files = renderFiles(draft, name, declared.files ?? {}, [...path, 'files']);
  const volumes = renderMounts(draft, declared.volumes ?? {}, [...path, 'volumes']);
  const mounts = [...files.mounts, ...volumes.mounts].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  checkMounts(draft, mounts, path);
  const environment = renderEnvironment(draft, declared.variables ?? {}, [...path, 'variables']);
  const resources = renderResources(draft, declared, path);
  const probes = (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap(
    (kind): [ProbeKind, Field][] => {
      const probe = declared[kind] && renderProbe(draft, kind, declared[kind], [...path, kind]);
      return probe ? [[kind, probe]] : [];
    },
  );
  const container = {
    name,
    image: imageOf(draft, name, declared, path),
    ...(declared.command ? { command: declared.command } : {}),
    ...(declared.args ? { args: declared.args } : {}),
    ...(environment.length > 0 ? { env: environment } : {}),
    ...(ports.length > 0 ? { ports } : {}),
    ...(resources ? { resources } : {}),
    ...Object.fromEntries(probes),
    securityContext: securityOf(draft, declared, path),
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
  };
  return { container, files, volumes: volumes.entries, group: declared.securityContext?.runAsGroup };
}

/** `.` stands for an image that is given when the service is deployed: `config.image.CONTAINER` or `config.image`. */
function imageOf(draft: Draft, name: string, { image }: DeclaredContainer, path: Path): string {
  if (image !== '.') return image;
  const config = draft.around.config(draft.namespace);
  for (const key of [`image.${name}`, 'image']) {
    const given = Object.hasOwn(config, key) ? config[key] : undefined;
    if (given !== undefined && /^\S+$/.test(given)) return given;
  }
  const fix = `write the image, or image.${name} into the ConfigMap lattice-config of ${draft.namespace}`;
  draft.add(
    'ImageMissing',
    'error',
    [...path, 'image'],
    '"." is an image that is given at deployment, and none is',
    fix,
  );
  return image;
}

/** A shell's `${HOME}` belongs there; a reference of ours would reach the program unread. */
function refuseTemplates(draft: Draft, declared: DeclaredContainer, path: Path): void {
  for (const field of ['command', 'args'] as const) {
    for (const [index, text] of (declared[field] ?? []).entries()) {
      if (!/(?<!\$)\$\{\s*(metadata|resources|env|config|cluster)\s*[.[]/.test(text)) continue;
      const fix = 'put it into a variable, and write $(VARIABLE) here';
      draft.add('TemplateSyntax', 'error', [...path, field, index], `${field} is no template`, fix);
    }
  }
}

function checkMounts(draft: Draft, mounts: readonly Mount[], path: Path): void {
  const seen = new Set<string>();
  for (const { mountPath } of mounts) {
    const clean = mountPath.replace(/\/+$/, '');
    const invalid =
      !mountPath.startsWith('/') || mountPath.includes(':') || clean === '' || clean.split('/').includes('..');
    if (invalid)
      draft.add(
        'PathInvalid',
        'error',
        path,
        `${JSON.stringify(mountPath)} is no place for a file or volume: an absolute path without ".." and ":"`,
      );
    else if (seen.has(clean)) draft.add('PathInvalid', 'error', path, `${JSON.stringify(mountPath)} is mounted twice`);
    seen.add(clean);
  }
}

function renderResources(draft: Draft, { resources }: DeclaredContainer, path: Path): Field | undefined {
  if (!resources) return undefined;
  const { requests = {}, limits = {} } = resources;
  for (const name of ['cpu', 'memory'] as const) {
    const [request, limit] = [requests[name], limits[name]];
    if (request !== undefined && limit !== undefined && exceeds(request, limit)) {
      draft.add('ResourcesInvalid', 'error', [...path, 'resources', 'requests', name], 'is more than its limit');
    }
  }
  const texts = (values: Readonly<Record<string, string | number | undefined>>): Field =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, quantityText(value)]])),
    );
  return {
    ...(resources.requests ? { requests: texts(requests) } : {}),
    ...(resources.limits ? { limits: texts(limits) } : {}),
  };
}

/** The restricted Pod Security Standard, and what the user takes back of it. */
function securityOf(draft: Draft, declared: DeclaredContainer, path: Path): Field {
  const { runAsUser, runAsGroup, runAsNonRoot, readOnlyRootFilesystem, capabilities } = declared.securityContext ?? {};
  const added = capabilities?.add.filter((name) => name !== 'NET_BIND_SERVICE') ?? [];
  const hosts = [declared.livenessProbe, declared.readinessProbe, declared.startupProbe].some(
    (probe) => (probe?.httpGet?.host ?? probe?.tcpSocket?.host ?? '') !== '',
  );
  const relaxed = [
    ...(runAsUser === 0 ? ['runs as root'] : []),
    ...(runAsNonRoot === false ? ['may run as root'] : []),
    ...(added.length > 0 ? [`has the capabilities ${added.join(', ')}`] : []),
    ...(hosts ? ['has a probe of another host'] : []),
  ];
  if (relaxed.length > 0) {
    const message = `${relaxed.join(' and ')}: a namespace that enforces the restricted Pod Security Standard refuses it`;
    draft.add('PodSecurityRelaxed', 'warning', path, message, 'use an image that needs none of it');
  }
  if (runAsUser === 0 && runAsNonRoot !== false) {
    const fix = 'add runAsNonRoot: false if that is meant';
    draft.add(
      'SecurityContextInvalid',
      'error',
      [...path, 'securityContext', 'runAsUser'],
      'is root, and runAsNonRoot is true',
      fix,
    );
  }
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], ...(capabilities ? { add: capabilities.add.toSorted() } : {}) },
    ...(readOnlyRootFilesystem === undefined ? {} : { readOnlyRootFilesystem }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    runAsNonRoot: runAsNonRoot ?? true,
    ...(runAsUser === undefined ? {} : { runAsUser }),
  };
}
