// The operator as users run it: a process, which can be killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from '../../src/kube/index.ts';
import { until } from './until.ts';

export interface OperatorProcess {
  /** Resolves when it has read everything and works; with a Lease, when it leads. */
  readonly synced: () => Promise<void>;
  /** Resolves when it has worked through all that it found at its start: from then on it writes what changes alone. */
  readonly rested: () => Promise<void>;
  /** All that it has said so far. */
  readonly said: () => string;
  /** As SIGKILL: no goodbye. */
  readonly kill: () => Promise<void>;
  /** As a rollout ends it; resolves to the exit code. */
  readonly stop: () => Promise<number | null>;
}

const BIN = join(import.meta.dirname, '../../bin/lattice.js');

export function startOperatorProcess(
  kubeconfig: string,
  flags: readonly string[] = [],
  controllers = 'service',
): OperatorProcess {
  const child = spawn(
    process.execPath,
    [BIN, 'operator', '--controllers', controllers, '--kubeconfig', kubeconfig, ...flags],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const ended = once(child, 'close');
  const end = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', end);
  void ended.then(() => process.off('exit', end));
  const says = async (word: string): Promise<void> => {
    const found = await until(`the operator says "${word}"`, () => {
      if (said.includes(`"${word}"`)) return true;
      return isRunning(child) ? undefined : false;
    }).catch((error: unknown) => {
      throw new Error(`it has said: ${said.slice(-MANY_WORDS)}`, { cause: error });
    });
    if (!found) throw new Error(`it ended before it said "${word}": ${said.slice(-MANY_WORDS)}`);
  };
  return {
    synced: () => says('synced'),
    rested: () => says('at rest'),
    said: () => said,
    async kill() {
      if (isRunning(child)) end();
      await ended;
    },
    async stop() {
      if (isRunning(child)) child.kill('SIGTERM');
      const stuck = setTimeout(end, STOP_MS);
      await ended;
      clearTimeout(stuck);
      return child.exitCode;
    },
  };
}

/** A kubeconfig for this way to the server. */
export function writeKubeconfig(file: string, access: ClusterAccess): string {
  const { server, ca, serverName, bearer } = access;
  if (bearer.kind !== 'token') throw new Error('only a token can be written into this kubeconfig');
  const authority =
    ca === undefined
      ? {}
      : 'file' in ca
        ? { 'certificate-authority': ca.file }
        : { 'certificate-authority-data': Buffer.from(ca.text).toString('base64') };
  const cluster = { server, ...authority, ...(serverName === undefined ? {} : { 'tls-server-name': serverName }) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e2e', cluster }],
    users: [{ name: 'e2e', user: { token: bearer.token } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e' } }],
    'current-context': 'e2e',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const MANY_WORDS = 20_000;

/** Longer than an operator gives its own work to end. */
const STOP_MS = 60_000;

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
