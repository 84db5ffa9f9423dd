import { canonicalJson, hashOf, labelOf } from '../name.ts';
import { plainText } from '../value.ts';
import type { Draft, Path } from './draft.ts';

type Files = NonNullable<NonNullable<Draft['service']['spec']['containers']>[string]['files']>;
type File = Files[string];

export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

/** Files of one container: what goes into the ConfigMap of the service, and the pod's volumes and mounts. */
export interface RenderedFiles {
  readonly text: ReadonlyMap<string, string>;
  readonly binary: ReadonlyMap<string, string>;
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
  readonly mounts: readonly Mount[];
}

const DEFAULT_MODE = 0o444;

/**
 * Renders the files of a container. A file that is one secret is mounted from its Secret; a secret inside of a longer file
 * is refused, since nobody but the kubelet may read it.
 */
export function renderFiles(draft: Draft, container: string, files: Files, path: Path): RenderedFiles {
  const text = new Map<string, string>();
  const binary = new Map<string, string>();
  const items: { key: string; path: string; mode: number }[] = [];
  const volumes: Readonly<Record<string, unknown>>[] = [];
  const mounts: Mount[] = [];
  const volume = labelOf(`files-${container}`);
  for (const target of Object.keys(files).sort()) {
    const file = files[target];
    const content = file && contentOf(draft, file, [...path, target]);
    if (!file || !content) continue;
    const mode = file.mode === undefined ? DEFAULT_MODE : Number.parseInt(file.mode, 8);
    const key = keyFor(container, target);
    if (content.kind === 'secret') {
      const own = labelOf(`secret-${container}-${hashOf(target)}`);
      volumes.push({
        name: own,
        secret: { secretName: content.name, items: [{ key: content.key, path: key, mode }], defaultMode: DEFAULT_MODE },
      });
      mounts.push({ name: own, mountPath: target, subPath: key, readOnly: true });
      continue;
    }
    (content.kind === 'text' ? text : binary).set(key, content.data);
    items.push({ key, path: key, mode });
    mounts.push({ name: volume, mountPath: target, subPath: key, readOnly: true });
  }
  if (items.length > 0) {
    volumes.unshift({ name: volume, configMap: { name: configMapName(draft.name), items, defaultMode: DEFAULT_MODE } });
  }
  return { text, binary, volumes, mounts };
}

export function configMapName(service: string): string {
  return `${service}-files`;
}

/** The hash that makes pods roll when, and only when, the content of their files changes. */
export function contentHash(rendered: readonly RenderedFiles[]): string | undefined {
  const all = rendered.flatMap(({ text, binary }) => [...text, ...binary]);
  return all.length === 0 ? undefined : hashOf(canonicalJson(all));
}

type Content =
  | { readonly kind: 'text' | 'binary'; readonly data: string }
  | { readonly kind: 'secret'; readonly name: string; readonly key: string };

function contentOf(draft: Draft, file: File, path: Path): Content | undefined {
  const given = [file.content, file.binaryContent, file.source].filter((each) => each !== undefined).length;
  if (given !== 1) {
    draft.add('FileInvalid', 'error', path, 'needs exactly one of content, binaryContent and source');
    return undefined;
  }
  if (file.source !== undefined) {
    const fix = 'write the content, or convert the file with "lattice score", which reads source';
    draft.add(
      'FileInvalid',
      'error',
      [...path, 'source'],
      'is a file of the machine where this was written, which a cluster cannot read',
      fix,
    );
    return undefined;
  }
  if (file.binaryContent !== undefined) {
    const data = file.binaryContent.replace(/\s/g, '');
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(data) && data.length % 4 === 0) return { kind: 'binary', data };
    draft.add('FileInvalid', 'error', [...path, 'binaryContent'], 'is not base64');
    return undefined;
  }
  const content = file.content ?? '';
  if (file.noExpand === true) return { kind: 'text', data: content };
  const value = draft.value(content, [...path, 'content']);
  if (!value) return undefined;
  const plain = plainText(value);
  if (plain !== undefined) return { kind: 'text', data: plain };
  const [only] = value;
  if (value.length === 1 && only?.kind === 'secret') return { kind: 'secret', ...only.secret };
  const fix = 'make the secret a file of its own, or pass it as a variable, where it may stand inside of a longer text';
  draft.add(
    'SecretInFile',
    'error',
    [...path, 'content'],
    'has a secret inside of a longer file: a ConfigMap would show it',
    fix,
  );
  return undefined;
}

/** A ConfigMap's key: readable, and unique by the hash. */
function keyFor(container: string, target: string): string {
  const readable = target.replace(/[^A-Za-z0-9._-]+/g, '_').slice(-100);
  return `${container}.${readable}.${hashOf(target)}`;
}
