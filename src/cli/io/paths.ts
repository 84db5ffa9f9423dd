import { type Dirent, globSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../api/index.ts';

/** One file to read. */
export interface FileToRead {
  /** As it is shown in messages. */
  readonly file: string;
  /** `-` is standard input. */
  readonly from: 'disk' | 'stdin';
}

/**
 * The files behind the PATH operands: a file as it is named, a directory with everything below it that ends in .yaml,
 * .yml or .json (hidden ones and kustomize's own files left out), a glob, or `-`. A file that two operands reach is read once.
 */
export function expandPaths(operands: readonly string[]): {
  readonly files: readonly FileToRead[];
  readonly findings: readonly Finding[];
} {
  const seen = new Set<string>();
  const files: FileToRead[] = [];
  const findings: Finding[] = [];
  const add = (file: string): void => {
    const real = realpathSync(file);
    if (!seen.has(real)) {
      seen.add(real);
      files.push({ file, from: 'disk' });
    }
  };
  for (const operand of operands) {
    if (operand === '-') {
      if (!seen.has('-')) files.push({ file: '<stdin>', from: 'stdin' });
      seen.add('-');
      continue;
    }
    try {
      const found = filesBehind(operand);
      if (found.length === 0) findings.push(nothing(operand));
      found.forEach(add);
    } catch (error) {
      findings.push(unreadable(operand, error));
    }
  }
  return { files, findings };
}

/** What the system says about a path, in plain words. */
export function unreadable(file: string, error: unknown): Finding {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'may not be read (permission denied)',
    EISDIR: 'is a directory',
    ELOOP: 'is a symbolic link that leads in a circle',
    EMFILE: 'cannot be opened: too many open files',
  };
  const message = words[code] ?? `cannot be read${code === '' ? '' : ` (${code})`}`;
  return {
    code: code === 'ENOENT' ? 'PathNotFound' : 'PathUnreadable',
    severity: 'error',
    message: `${file} ${message}`,
    fix: 'PATH is a file, a directory, a glob, or "-" for standard input',
  };
}

function filesBehind(operand: string): string[] {
  const stat = statSync(operand, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return below(operand, new Set());
  if (stat) return [operand];
  if (!/[*?[\]{}]/.test(operand)) throw Object.assign(new Error(operand), { code: 'ENOENT' });
  return globSync(operand)
    .toSorted(byCodePoint)
    .flatMap((match) => {
      if (statSync(match).isDirectory()) return below(match, new Set());
      return isManifest(match) ? [match] : [];
    });
}

function below(directory: string, above: ReadonlySet<string>): string[] {
  const real = realpathSync(directory);
  if (above.has(real)) return [];
  const seen = new Set([...above, real]);
  return readdirSync(directory, { withFileTypes: true })
    .toSorted((a, b) => byCodePoint(a.name, b.name))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.name.startsWith('.')) return [];
      if (isDirectory(entry, path)) return below(path, seen);
      return isManifest(entry.name) && !/^kustomization\.ya?ml$/i.test(entry.name) ? [path] : [];
    });
}

function isDirectory(entry: Dirent, path: string): boolean {
  return (
    entry.isDirectory() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
  );
}

function isManifest(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name);
}

function nothing(operand: string): Finding {
  return {
    code: 'NothingToRead',
    severity: 'error',
    message: `${operand} leads to no .yaml, .yml or .json file`,
    fix: 'name a directory or a glob that holds manifests',
  };
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
