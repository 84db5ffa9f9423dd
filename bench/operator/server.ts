// The servers that the operator is measured against, each in processes of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterAccess, loadAccess } from '../../src/kube/index.ts';
import { findBinaries } from '../../test/e2e/binaries.ts';
import { openCluster } from '../../test/e2e/cluster/index.ts';
import { until } from '../../test/e2e/until.ts';
import { writeKubeconfig } from '../../test/e2e/operator-process.ts';

export interface Server {
  readonly name: 'embedded' | 'real';
  readonly access: ClusterAccess;
  readonly kubeconfig: string;
  readonly close: () => Promise<void>;
}

const BIN = join(import.meta.dirname, '../../bin/lattice.js');

/** Undefined when this machine cannot have it, which is said on standard error. */
export async function openServer(name: Server['name']): Promise<Server | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-operator-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  if (name === 'embedded') {
    const child = spawn(process.execPath, [BIN, 'dev', '--no-operator', '--write-kubeconfig', kubeconfig], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    await until('the control plane is ready', () => (/^ready$/m.test(said) ? true : undefined));
    return {
      name,
      kubeconfig,
      access: await loadAccess({ kubeconfig, env: {} }),
      async close() {
        const ended = once(child, 'close');
        child.kill('SIGTERM');
        await ended;
        forget();
      },
    };
  }
  const binaries = findBinaries(process.env, (line) => process.stderr.write(`${line}\n`));
  if (binaries.kind === 'skipped') {
    process.stderr.write(`SKIPPED: the real API server: ${binaries.reason}\n`);
    forget();
    return undefined;
  }
  const cluster = await openCluster({ kind: 'real', binaries: binaries.folder }, { folder, kubeconfig });
  return {
    name,
    access: cluster.access,
    kubeconfig: writeKubeconfig(join(folder, 'operator-kubeconfig'), cluster.access),
    async close() {
      await cluster.close();
      forget();
    },
  };
}
