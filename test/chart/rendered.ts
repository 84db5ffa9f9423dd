// What the charts render to, for tests.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { findHelm } from '../../conformance/helm/helm.ts';
import { isKubeObject, type KubeObject } from '../../src/kube/index.ts';

export const root = join(import.meta.dirname, '../..');
export const helm = findHelm(process.env);
/** Words for a skipped test; false when helm is there. */
export const lacksHelm = helm.kind === 'ready' ? false : helm.reason;

export const objectsIn = (yaml: string): readonly KubeObject[] => loadAll(yaml).filter(isKubeObject);

export const installed = (): readonly KubeObject[] => objectsIn(readFileSync(join(root, 'install.yaml'), 'utf8'));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runHelm(args: readonly string[], input = ''): Ran {
  if (helm.kind !== 'ready') throw new Error(helm.reason);
  const { status, stdout, stderr } = spawnSync(helm.program, args, {
    cwd: root,
    encoding: 'utf8',
    input,
    maxBuffer: 64 * 1024 * 1024,
    timeout: 180_000,
  });
  return { code: status, stdout, stderr };
}

/** `helm template` with these values, as JSON. Throws with helm's words when it refuses. */
export function template(values: object = {}, chart = 'charts/lattice'): string {
  const args = ['template', 'lattice', chart, '--namespace', 'lattice-system', '--values', '-'];
  const { code, stdout, stderr } = runHelm(args, JSON.stringify(values));
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** The engine for Liqo alone, as the command that its users are told renders it. */
export function templateEngine(values: object = {}): string {
  const args = ['template', 'liqo-connectivity-engine', './dist/chart', '--namespace', 'liqo-system', '--values', '-'];
  const { code, stdout, stderr } = runHelm(args, JSON.stringify(values));
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** The one object of a kind. */
export function one(objects: readonly KubeObject[], kind: string, name?: string): Readonly<Record<string, unknown>> {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}`);
  return { ...found[0] };
}
