// The node agent as the chart starts it, as its account on one node; its packet filter is that of a namespace of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../../kernel/network.ts';
import { at } from '../../at.ts';
import { objectsIn, one, root } from '../rendered.ts';
import { accountKubeconfig, entryOf } from './operator-process.ts';
import type { Server } from './server.ts';

export interface AgentProcess {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly kubeconfig: string;
  /** Where canary pods of its node would connect. */
  readonly canaryPort: number;
  /** What its kernel holds, as `nft list ruleset` prints it. */
  readonly ruleset: () => string;
  /** SIGTERM; resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
}

const PROGRAMS = ['nft', 'conntrack'];

/** `node` has a pod of the DaemonSet in `rendered` when this resolves. */
export function startAgentProcess(server: Server, rendered: string, node: string): AgentProcess {
  const objects = objectsIn(rendered);
  const agents = objects.find(({ kind, metadata }) => kind === 'DaemonSet' && metadata.name.endsWith('-fabric-agent'));
  const set = one(objects, 'DaemonSet', agents?.metadata.name);
  const namespace = String(at(set, 'metadata', 'namespace'));
  const template = at(set, 'spec', 'template');
  const account = String(at(template, 'spec', 'serviceAccountName'));
  const pod = `${account}-${node}`;
  // Its token names the node as long as the pod is there: the admission policy asks for that.
  server.must(
    ['apply', '-f', '-'],
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, namespace, labels: at(template, 'metadata', 'labels') },
      spec: { ...recordAt(template, 'spec'), nodeName: node },
    }),
  );
  const kubeconfig = accountKubeconfig(server, namespace, account, [
    '--bound-object-kind=Pod',
    `--bound-object-name=${pod}`,
  ]);
  const space = `ltc${process.pid}`;
  const remove = (): void => void run(`ip netns del ${space} 2>/dev/null || true`);
  remove();
  process.once('exit', remove);
  run(`ip netns add ${space}`);
  const given = at(template, 'spec', 'containers', '0', 'args');
  // Of the machine that the test runs on: known before it is there, and nobody else's.
  const canaryPort = 20_000 + Math.floor(Math.random() * 10_000);
  const args = (Array.isArray(given) ? given.map(String) : []).map((argument) =>
    argument
      .replace(/^--listen=.*/, '--listen=none')
      .replace('$(NODE_IPS)', '127.0.0.1')
      .replace(/^--canary-port=.*/, `--canary-port=${canaryPort}`),
  );
  const child = spawn(
    process.execPath,
    [join(root, 'bin/lattice.js'), ...args, '--kubeconfig', kubeconfig, '--cni-dir', ciliumFolder(server.folder)],
    {
      cwd: server.folder,
      env: { NODE_NAME: node, PATH: programsIn(space, server.folder) },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const lines: Readonly<Record<string, unknown>>[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(entryOf(line)));
  const ended = once(child, 'close').then(() => {
    process.off('exit', kill).off('exit', remove);
    remove();
  });
  return {
    lines,
    kubeconfig,
    canaryPort,
    ruleset: () => run(`ip netns exec ${space} nft list ruleset`),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}

/** The programs of this machine, but at work in another network namespace. */
function programsIn(space: string, folder: string): string {
  const path = process.env['PATH'] ?? '';
  const own = join(folder, 'programs');
  mkdirSync(own, { recursive: true });
  for (const name of PROGRAMS) {
    writeFileSync(join(own, name), `#!/bin/sh\nPATH='${path}' exec ip netns exec ${space} ${name} "$@"\n`);
    chmodSync(join(own, name), 0o755);
  }
  return `${own}:${path}`;
}

/** A node with Cilium: there the agent reads Cilium's settings. */
function ciliumFolder(folder: string): string {
  const place = join(folder, 'cni');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, '05-cilium.conflist'), JSON.stringify({ plugins: [{ type: 'cilium-cni' }] }));
  return place;
}

function recordAt(value: unknown, name: string): object {
  const found = at(value, name);
  return typeof found === 'object' && found !== null ? found : {};
}
