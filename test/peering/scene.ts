// A cluster with Liqo's definitions, and the operator's peering controller at work on it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { customResourceDefinitions } from '../../src/api/index.ts';
import {
  type Client,
  type Clock,
  type ClusterAccess,
  createClient,
  isKubeObject,
  type Kind,
  type KubeObject,
  means,
  systemClock,
  untyped,
} from '../../src/kube/index.ts';
import { CONTROLLERS, type ControllerFlags, type Operator, startOperator } from '../../src/operator/index.ts';
import { exemptionsOf } from '../../src/graph/index.ts';
import { until } from '../e2e/until.ts';
import { data } from '../docs/shell.ts';
import { at } from '../at.ts';

const crds = join(data, 'crds');
export const skip = existsSync(join(crds, 'liqo-sets')) ? false : `no definitions of Liqo in ${crds}: set LATTICE_DATA`;

const kind = (group: string, version: string, name: string, plural: string, namespaced = true): Kind =>
  untyped({ group, version, kind: name, plural, namespaced });

export const KINDS = {
  CustomResourceDefinition: kind(
    'apiextensions.k8s.io',
    'v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    false,
  ),
  Namespace: kind('', 'v1', 'Namespace', 'namespaces', false),
  Node: kind('', 'v1', 'Node', 'nodes', false),
  Pod: kind('', 'v1', 'Pod', 'pods'),
  Webhooks: kind(
    'admissionregistration.k8s.io',
    'v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
  Event: kind('events.k8s.io', 'v1', 'Event', 'events'),
  Network: kind('ipam.liqo.io', 'v1alpha1', 'Network', 'networks'),
  NamespaceOffloading: kind('offloading.liqo.io', 'v1beta1', 'NamespaceOffloading', 'namespaceoffloadings'),
  PeeringConnectivity: kind('security.liqo.io', 'v1', 'PeeringConnectivity', 'peeringconnectivities'),
  FirewallConfiguration: kind('networking.liqo.io', 'v1beta1', 'FirewallConfiguration', 'firewallconfigurations'),
  FabricProgram: kind('fabric.lattice.dev', 'v1alpha1', 'FabricProgram', 'fabricprograms', false),
  FabricMemberSlice: kind('fabric.lattice.dev', 'v1alpha1', 'FabricMemberSlice', 'fabricmemberslices', false),
  FabricNodeStatus: kind('fabric.lattice.dev', 'v1alpha1', 'FabricNodeStatus', 'fabricnodestatuses', false),
} as const;
export type KindWord = keyof typeof KINDS;

export interface Scene {
  readonly client: Client;
  /** Creates or changes an object; its status is written too. */
  readonly put: (object: KubeObject & { readonly status?: object }) => Promise<void>;
  readonly remove: (kind: KindWord, namespace: string | undefined, name: string) => Promise<void>;
  readonly get: (kind: KindWord, namespace: string | undefined, name: string) => Promise<Plain | undefined>;
  readonly list: (kind: KindWord) => Promise<readonly Plain[]>;
  /** Starts a controller, by another clock if one is given; ends with the scene. */
  readonly operate: (flags?: ControllerFlags, clock?: Clock) => Promise<Operator>;
  /** Installs a definition of `crds/<folder>/<file>`, or replaces it. */
  readonly define: (folder: string, file: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** An object as tests look into it. */
export type Plain = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

const FIREWALL_FILE = 'networking.liqo.io_firewallconfigurations.yaml';
const LIQO_FILES = [
  'ipam.liqo.io_networks.yaml',
  'networking.liqo.io_configurations.yaml',
  'offloading.liqo.io_namespaceoffloadings.yaml',
  'offloading.liqo.io_virtualnodes.yaml',
];

export async function openScene(access: ClusterAccess, shape: 'liqo' | 'liqo-sets' | 'none'): Promise<Scene> {
  const client = createClient(access);
  const call = { signal: new AbortController().signal };
  const running: Operator[] = [];
  const kindOf = (object: KubeObject): Kind => {
    const known = Object.values(KINDS).find((each) => each.kind === object.kind);
    if (!known) throw new Error(`a test does not know the kind ${object.kind}`);
    return known;
  };
  const refOf = (namespace: string | undefined, name: string) =>
    namespace === undefined ? { name } : { namespace, name };
  const scene: Scene = {
    client,
    async put({ status, ...object }) {
      const at = kindOf(object);
      const { namespace } = object.metadata;
      if (namespace !== undefined && !(await client.find(KINDS.Namespace, { name: namespace }, call)))
        await client.create(
          KINDS.Namespace,
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
          call,
        );
      const options = { ...call, force: true };
      await client.apply(at, object, options);
      if (status) {
        const { apiVersion, kind: word, metadata } = object;
        const whole: KubeObject & { readonly status: object } = {
          apiVersion,
          kind: word,
          metadata: refOf(namespace, metadata.name),
          status,
        };
        await client.apply(at, whole, { ...options, subresource: 'status' });
      }
    },
    async remove(word, namespace, name) {
      try {
        await client.delete(KINDS[word], refOf(namespace, name), { ...call, gracePeriodSeconds: 0 });
      } catch (error) {
        if (!means(error, 'notFound')) throw error;
      }
    },
    get: async (word, namespace, name) => await client.find(KINDS[word], refOf(namespace, name), call),
    list: async (word) => await client.list(KINDS[word], call),
    async operate(flags = {}, clock = systemClock) {
      const operator = startOperator({
        access,
        compile: {
          engines: [],
          trustDomain: 'cluster.local',
          clusterName: 'default',
          mesh: 'none',
          exemptions: exemptionsOf(undefined),
        },
        settings: { mesh: 'none', exemptions: exemptionsOf(undefined) },
        controllers: [CONTROLLERS.peering(flags)],
        identity: `test-${running.length}`,
        clock,
      });
      running.push(operator);
      await operator.ready;
      return operator;
    },
    async define(folder, file) {
      await install(client, load(readFileSync(join(crds, folder, file), 'utf8')));
    },
    async close() {
      for (const operator of running) await operator.close();
      await client.close();
    },
  };
  for (const definition of customResourceDefinitions()) await install(client, definition);
  for (const file of LIQO_FILES) await scene.define('liqo', file);
  if (shape !== 'none') await scene.define(shape, FIREWALL_FILE);
  return scene;
}

export const FIREWALL_CRD = FIREWALL_FILE;

async function install(client: Client, raw: unknown): Promise<void> {
  if (!isKubeObject(raw)) throw new Error('not an object');
  const call = { signal: new AbortController().signal };
  await client.apply(KINDS.CustomResourceDefinition, raw, { ...call, force: true });
  await until(`${raw.metadata.name} is served`, async () => {
    const stored: Plain = await client.read(KINDS.CustomResourceDefinition, raw.metadata, call);
    return condition(stored, 'Established')?.startsWith('True') ? true : undefined;
  });
}

/** `True FabricSynced`: status and reason of a condition. */
export function condition(object: Plain | undefined, type: string): string | undefined {
  const list = at(object?.status, 'conditions');
  const found: unknown = Array.isArray(list) ? list.find((each: unknown) => at(each, 'type') === type) : undefined;
  return found === undefined ? undefined : `${String(at(found, 'status'))} ${String(at(found, 'reason'))}`;
}

export { at };
