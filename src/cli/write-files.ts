import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../policy/index.ts';
import { UsageError } from './command.ts';
import { type ObjectFormat, writeObjects } from './io/index.ts';

const YAML_MARK = '# Written by "lattice compile --out": changes are lost.\n';
const LIST_FILE = '.lattice-files.json';

/**
 * Writes objects into `directory`, one file per namespace (`_cluster` for the rest). Files that an earlier run wrote
 * and this one does not are removed: a grant that is left behind would stay open. Other files are not touched.
 */
export function writeFiles(objects: readonly KubernetesObject[], format: ObjectFormat, directory: string): void {
  const groups = Map.groupBy(objects, ({ metadata }) => `${metadata.namespace ?? '_cluster'}.${format}`);
  mkdirSync(directory, { recursive: true });
  const earlier = earlierFiles(directory);
  const foreign = readdirSync(directory).filter((name) => groups.has(name) && !earlier.includes(name));
  if (foreign.length > 0) {
    throw new UsageError(
      `--out ${directory}: ${foreign.join(', ')} exists and was not written by lattice; use another directory`,
    );
  }
  // The list first: after a crash a file too many is known, and goes with the next run.
  writeFileSync(join(directory, LIST_FILE), `${JSON.stringify([...new Set([...earlier, ...groups.keys()])].sort())}\n`);
  for (const [name, members] of groups) {
    writeFile(join(directory, name), members, format);
  }
  for (const name of earlier) if (!groups.has(name)) rmSync(join(directory, name), { force: true });
  writeFileSync(join(directory, LIST_FILE), `${JSON.stringify([...groups.keys()].sort())}\n`);
}

/** Piece by piece: the text of a large namespace is never in memory as a whole. */
function writeFile(path: string, objects: readonly KubernetesObject[], format: ObjectFormat): void {
  const file = openSync(path, 'w');
  try {
    if (format === 'yaml') writeFileSync(file, YAML_MARK);
    writeObjects(objects, format, (text) => writeFileSync(file, text));
  } finally {
    closeSync(file);
  }
}

function earlierFiles(directory: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(directory, LIST_FILE), 'utf8');
  } catch {
    // No earlier run.
    return [];
  }
  const names: unknown = JSON.parse(text);
  if (!Array.isArray(names)) throw new UsageError(`${join(directory, LIST_FILE)} is damaged: remove the directory`);
  return names.filter((name): name is string => typeof name === 'string' && /^[\w.-]+\.(yaml|json)$/.test(name));
}
