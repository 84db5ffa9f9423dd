// The embedded control plane that every node of the network reaches, and the real agent in each node.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  customResourceDefinitions,
  type FabricNodeStatus,
  fabricNodeStatus,
  type FirewallProgram,
  parseAs,
} from '../../src/api/index.ts';
import { startControlPlane } from '../../src/controlplane/index.ts';
import { accessOf, type Client, createClient, isKubeObject, type Kind, parseKubeconfig } from '../../src/kube/index.ts';
import { decideFabric, NO_FABRIC, type StoredFabric } from '../../src/peering/fabric/index.ts';
import { type Program, startProgram } from '../e2e/cluster/program.ts';
import { until } from '../e2e/until.ts';
import { type Network, type NodeName, NODES } from './network.ts';

export interface Cluster {
  readonly client: Client;
  /** Stores what a program comes to, write by write. Answers its generation. */
  declare(name: string, program: FirewallProgram): Promise<number>;
  /** Declares, and waits until every node reports it. */
  load(name: string, program: FirewallProgram): Promise<void>;
  /** Takes a program away, disarmed first. */
  unload(name: string): Promise<void>;
  status(node: string): Promise<FabricNodeStatus['status']>;
  startAgent(node: NodeName): void;
  /** Runs `lattice` with these arguments in a namespace, until it is stopped or the cluster is. */
  start(name: string, space: string, args: readonly string[]): Program;
  /** What an agent needs to find the cluster. */
  readonly kubeconfig: string;
  killAgent(node: NodeName): Promise<void>;
  /** SIGTERM; answers when it has ended. */
  stopAgent(node: NodeName): Promise<void>;
  /** What an agent said. */
  words(node: NodeName): string;
  stop(): Promise<void>;
}

const GROUP = { group: 'fabric.lattice.dev', version: 'v1alpha1', namespaced: false, is: isKubeObject } as const;
export const PROGRAM: Kind = { ...GROUP, kind: 'FabricProgram', plural: 'fabricprograms' };
export const SLICE: Kind = { ...GROUP, kind: 'FabricMemberSlice', plural: 'fabricmemberslices' };
export const STATUS: Kind = { ...GROUP, kind: 'FabricNodeStatus', plural: 'fabricnodestatuses' };

export async function startCluster(network: Network): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-kernel-'));
  const plane = await startControlPlane({
    host: network.here,
    beyondLoopback: true,
    crds: customResourceDefinitions(),
  });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, plane.kubeconfig, { mode: 0o600 });
  const cni = join(folder, 'cni');
  mkdirSync(cni);
  writeFileSync(join(cni, '10-ptp.conflist'), JSON.stringify({ name: 'routed', plugins: [{ type: 'ptp' }] }));
  const client = createClient(
    accessOf(parseKubeconfig([{ folder, path: kubeconfig, text: plane.kubeconfig }]), undefined),
  );
  const { signal } = new AbortController();
  const agents = new Map<NodeName, Program>();
  const others: Program[] = [];
  const stored = new Map<string, StoredFabric>();
  const entry = fileURLToPath(new URL('../../bin/lattice.js', import.meta.url));

  const launch = (name: string, space: string, args: readonly string[]): Program =>
    startProgram('ip', ['netns', 'exec', space, process.execPath, entry, ...args], join(folder, `${name}.log`));

  const cluster: Cluster = {
    client,
    async declare(name, program) {
      let state = stored.get(name) ?? NO_FABRIC;
      for (const step of decideFabric(name, program, state)) {
        if (step.kind === 'remove') {
          await client.delete(SLICE, { name: step.slice }, { signal });
          state = { ...state, slices: state.slices.filter(({ metadata }) => metadata.name !== step.slice) };
          continue;
        }
        const { object } = step;
        const raw: unknown = object;
        if (!isKubeObject(raw)) throw new Error('a step without an object');
        await client.apply(step.kind === 'program' ? PROGRAM : SLICE, raw, { signal, force: true });
        if (object.kind === 'FabricProgram') state = { ...state, program: object };
        else {
          const rest = state.slices.filter(({ metadata }) => metadata.name !== object.metadata.name);
          state = { ...state, slices: [...rest, object] };
        }
      }
      stored.set(name, state);
      return state.program?.spec.generation ?? 0;
    },
    async load(name, program) {
      const generation = await cluster.declare(name, program);
      for (const node of agents.keys()) {
        await until(
          `${node} has generation ${generation} of ${name}`,
          async () => {
            const report = (await cluster.status(node))?.programs.find((each) => each.name === name);
            return report?.generation === generation && report.error === undefined ? report : undefined;
          },
          60_000,
        );
      }
    },
    async unload(name) {
      const peering = stored.get(name)?.program?.spec.peering ?? name;
      await cluster.load(name, { peering, generation: 0, disarmed: true, rules: [], sets: [] });
      await client.delete(PROGRAM, { name }, { signal });
      stored.delete(name);
    },
    async status(node) {
      const object = await client.find(STATUS, { name: node }, { signal });
      if (!object) return undefined;
      const parsed = parseAs(fabricNodeStatus, { ...object });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
      return parsed.value.status;
    },
    startAgent(node) {
      const args = ['fabric-agent', '--node', node, '--kubeconfig', kubeconfig, '--cni-dir', cni];
      agents.set(node, launch(node, network.space(node), args));
    },
    start(name, space, args) {
      const program = launch(name, space, args);
      others.push(program);
      return program;
    },
    kubeconfig,
    async killAgent(node) {
      await agents.get(node)?.kill();
      agents.delete(node);
    },
    async stopAgent(node) {
      await agents.get(node)?.stop();
      agents.delete(node);
    },
    words: (node) => agents.get(node)?.lastWords() ?? '',
    async stop() {
      await Promise.all([...agents.values(), ...others].map((program) => program.stop()));
      await client.close();
      await plane.close();
      rmSync(folder, { recursive: true });
    },
  };
  for (const node of NODES) cluster.startAgent(node);
  for (const node of NODES) await until(`the agent of ${node} reports`, () => cluster.status(node), 90_000);
  return cluster;
}
