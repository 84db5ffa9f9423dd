// Reads kubeconfig documents and merges a KUBECONFIG list. Pure: text in, values out.
import { isAbsolute, join } from 'node:path';
import { load } from 'js-yaml';
import { KubeError, messageOf } from '../errors.ts';
import { at, isRecord, stringAt } from '../json.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Several files merged as kubectl does: for every name, and for current-context, the first file that has it wins. */
export interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Fields>;
  readonly users: ReadonlyMap<string, Fields>;
  readonly contexts: ReadonlyMap<string, Fields>;
}

export interface KubeconfigFile {
  /** Relative paths inside the file are relative to this folder. */
  readonly folder: string;
  /** For messages. */
  readonly path: string;
  readonly text: string;
}

/** Throws KubeError `config` naming the file that is not a kubeconfig. */
export function parseKubeconfig(files: readonly KubeconfigFile[]): Kubeconfig {
  const clusters = new Map<string, Fields>();
  const users = new Map<string, Fields>();
  const contexts = new Map<string, Fields>();
  let currentContext: string | undefined;
  for (const file of files) {
    const document = parseDocument(file);
    if (document === undefined) continue;
    currentContext ??= stringAt(document, 'current-context') || undefined;
    collect(clusters, document.clusters, 'cluster', file);
    collect(users, document.users, 'user', file);
    collect(contexts, document.contexts, 'context', file);
  }
  return { currentContext, clusters, users, contexts };
}

const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

function parseDocument(file: KubeconfigFile): Fields | undefined {
  let document: unknown;
  try {
    document = file.text.trim() === '' ? undefined : load(file.text);
  } catch (error) {
    throw new KubeError('config', `${file.path}: not YAML: ${messageOf(error)}`, { cause: error });
  }
  if (document === undefined || document === null) return undefined;
  if (!isRecord(document)) throw new KubeError('config', `${file.path}: not a kubeconfig`);
  return document;
}

function collect(into: Map<string, Fields>, list: unknown, field: string, file: KubeconfigFile): void {
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) throw new KubeError('config', `${file.path}: ${field}s must be a list`);
  for (const entry of list as readonly unknown[]) {
    const name = stringAt(entry, 'name');
    const body = at(entry, field);
    if (name === undefined) throw new KubeError('config', `${file.path}: a ${field} has no name`);
    if (!into.has(name)) into.set(name, isRecord(body) ? withAbsolutePaths(body, file.folder) : {});
  }
}

function withAbsolutePaths(body: Fields, folder: string): Fields {
  const resolved: Record<string, unknown> = { ...body };
  for (const field of PATH_FIELDS) {
    const path = resolved[field];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) resolved[field] = join(folder, path);
  }
  const command = stringAt(body, 'exec', 'command');
  // As kubectl: a bare command is looked up on PATH, one with a slash is relative to the file.
  if (command !== undefined && command.includes('/') && !isAbsolute(command) && isRecord(body.exec))
    resolved.exec = { ...body.exec, command: join(folder, command) };
  return resolved;
}
