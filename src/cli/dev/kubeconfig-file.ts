import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../command.ts';
import { readDocument } from '../io/index.ts';

export interface KubeconfigFile {
  /** Absolute. */
  readonly path: string;
  /** Whole or not at all, readable by the user alone. */
  readonly write: (kubeconfig: string) => void;
  /** Removes what was made for this run; a file that the user named stays. */
  readonly forget: () => void;
}

/**
 * Where the kubeconfig goes: the file that the user named, or one in a fresh temporary directory. Nothing is written
 * yet.
 * @throws UsageError when the file is somebody else's, or cannot be written.
 */
export function kubeconfigFile(named: string | undefined): KubeconfigFile {
  if (named !== undefined) {
    const path = resolve(named);
    refuseForeign(path, named);
    return {
      path,
      write: (kubeconfig) => replace(path, `--write-kubeconfig ${named}`, kubeconfig),
      forget: () => undefined,
    };
  }
  const directory = mkdtempSync(join(tmpdir(), 'lattice-dev-'));
  const path = join(directory, 'kubeconfig');
  return {
    path,
    write: (kubeconfig) => replace(path, `the kubeconfig ${path}`, kubeconfig),
    forget: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const MARK = 'lattice.dev/dev';

function replace(path: string, title: string, kubeconfig: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    writeFileSync(aside, marked(kubeconfig), { mode: 0o600, flag: 'wx' });
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw new UsageError(`${title} cannot be written`, { cause: error });
  }
}

/** kubectl keeps extensions when it rewrites a file, and comments it does not. */
function marked(kubeconfig: string): string {
  const config: unknown = JSON.parse(kubeconfig);
  const extensions = [{ name: MARK, extension: { provider: 'lattice dev' } }];
  return `${JSON.stringify({ ...(isRecord(config) ? config : {}), extensions }, undefined, 2)}\n`;
}

function refuseForeign(path: string, named: string): void {
  if (!existsSync(dirname(path))) throw new UsageError(`--write-kubeconfig ${named}: its directory does not exist`);
  if (!existsSync(path)) return;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--write-kubeconfig ${named} cannot be read`, { cause: error });
  }
  if (text === '' || isOurs(text)) return;
  throw new UsageError(
    `--write-kubeconfig ${named} exists and was not written by "lattice dev": remove it, or name another file`,
  );
}

/** The mark alone is not enough: it comes along when files are merged, and the other clusters would be lost. */
function isOurs(text: string): boolean {
  const reading = readDocument(text);
  if (reading.kind !== 'value' || !isRecord(reading.value)) return false;
  const { extensions, clusters, users } = reading.value;
  return namesOf(extensions).includes(MARK) && isOnlyLattice(clusters) && isOnlyLattice(users);
}

function isOnlyLattice(entries: unknown): boolean {
  return namesOf(entries).every((name) => name === 'lattice');
}

function namesOf(entries: unknown): readonly unknown[] {
  return Array.isArray(entries) ? entries.map((entry: unknown) => (isRecord(entry) ? entry['name'] : undefined)) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
