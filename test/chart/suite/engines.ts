import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../rendered.ts';

const place = join(process.env['LATTICE_DATA'] ?? join(root, '../shared/data'), 'crds');

/** The folder with the engines' definitions; undefined when it is not there. */
export const data = existsSync(place) ? place : undefined;

/** The definitions of these engines, as YAML. */
export function readDefinitions(engines: readonly string[]): string {
  return engines
    .flatMap((engine) => globSync('*.yaml', { cwd: join(place, engine) }).map((file) => join(place, engine, file)))
    .sort()
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n---\n');
}
