import type { Finding } from '../../api/index.ts';
import { type Client, means, untyped } from '../../kube/index.ts';
import { readDocument } from '../io/index.ts';

/** How the engines of a cluster are configured, as far as it changes a verdict. */
export interface EngineConfig {
  /** Cilium's name of the cluster. */
  readonly clusterName?: string;
  readonly trustDomain?: string;
  readonly rootNamespace?: string;
  readonly enforcement?: 'default' | 'always' | 'never';
  /** Selectors without a cluster reach every cluster (C10). */
  readonly everyCluster?: boolean;
  readonly findings: readonly Finding[];
}

const CONFIG_MAP = untyped({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true });
const CILIUM = [
  { namespace: 'kube-system', name: 'cilium-config' },
  { namespace: 'cilium', name: 'cilium-config' },
];
const ISTIO = [{ namespace: 'istio-system', name: 'istio' }];

/** Reads the ConfigMaps of Cilium's agents and of istiod. What is not found leaves the flags in force, and is said. */
export async function readEngineConfig(
  client: Client,
  engines: readonly string[],
  signal: AbortSignal,
): Promise<EngineConfig> {
  const cilium = engines.includes('cilium') ? await firstOf(client, CILIUM, signal) : NOT_ASKED;
  const istio = engines.includes('istio') ? await firstOf(client, ISTIO, signal) : NOT_ASKED;
  const agents = cilium.data ?? {};
  const mesh = meshOf(istio.data?.['mesh']);
  const { trustDomain, rootNamespace } = mesh;
  const { 'cluster-name': clusterName, 'enable-policy': enforcement } = agents;
  return {
    ...(isText(clusterName) ? { clusterName } : {}),
    ...(isText(trustDomain) ? { trustDomain } : {}),
    ...(isText(rootNamespace) ? { rootNamespace } : {}),
    ...(enforcement === 'always' || enforcement === 'never' ? { enforcement } : {}),
    ...(agents['policy-default-local-cluster'] === 'false' ? { everyCluster: true } : {}),
    findings: [...cilium.findings, ...istio.findings, ...ciliumFindings(agents, engines.includes('istio'))],
  };
}

interface Read {
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly findings: readonly Finding[];
}

const NOT_ASKED: Read = { data: undefined, findings: [] };

async function firstOf(
  client: Client,
  places: readonly { readonly namespace: string; readonly name: string }[],
  signal: AbortSignal,
): Promise<Read> {
  const where = places.map(({ namespace, name }) => `ConfigMap ${namespace}/${name}`).join(' or ');
  for (const place of places) {
    try {
      const found = await client.find(CONFIG_MAP, place, { signal });
      if (found) return { data: recordOf(Reflect.get(found, 'data')), findings: [] };
    } catch (error) {
      if (!means(error, 'forbidden')) throw error;
      const message = `${where} may not be read, so the flags are taken for the engine's configuration`;
      const fix = `allow it: kubectl create role lattice-reader -n ${place.namespace} --verb=get --resource=configmaps --resource-name=${place.name}`;
      return { data: undefined, findings: [{ code: 'ReadForbidden', severity: 'error', message, fix }] };
    }
  }
  const message = `there is no ${where}: the flags are taken for the engine's configuration`;
  return { data: undefined, findings: [{ code: 'EngineConfigUnknown', severity: 'info', message }] };
}

/** Settings of the agents under which policies do not do what they say. */
const CILIUM_SETTINGS: readonly {
  readonly key: string;
  readonly bad: string;
  readonly mesh?: true;
  readonly why: string;
}[] = [
  { key: 'enable-policy', bad: 'never', why: 'no policy is enforced at all' },
  { key: 'policy-audit-mode', bad: 'true', why: 'policies are reported and not enforced' },
  { key: 'enable-l7-proxy', bad: 'false', why: 'names in policies match nothing (C20)' },
  {
    key: 'enable-non-default-deny-policies',
    bad: 'false',
    why: 'every policy isolates the pods that it selects (C25)',
  },
  {
    key: 'bpf-lb-sock-hostns-only',
    bad: 'false',
    mesh: true,
    why: 'Services are resolved before the mesh sees them (X1)',
  },
  { key: 'cni-exclusive', bad: 'true', mesh: true, why: "the mesh's CNI plugin is removed (X1)" },
  { key: 'enable-bpf-masquerade', bad: 'true', mesh: true, why: 'probes of pods in the mesh fail (X1)' },
  { key: 'enable-ztunnel', bad: 'true', mesh: true, why: 'two meshes would encrypt the same pods (X9)' },
];

function ciliumFindings(agents: Readonly<Record<string, unknown>>, mesh: boolean): readonly Finding[] {
  return CILIUM_SETTINGS.filter((each) => agents[each.key] === each.bad && (mesh || !each.mesh)).map(
    ({ key, bad, why }) => ({
      code: 'EngineSetting',
      severity: key === 'enable-policy' || key === 'policy-audit-mode' ? 'error' : 'warning',
      message: `cilium-config says ${key}: "${bad}": ${why}`,
      fix: `set ${key} to another value and restart the agents`,
    }),
  );
}

/** istiod keeps its mesh configuration as YAML text. */
function meshOf(text: unknown): Readonly<Record<string, unknown>> {
  if (typeof text !== 'string') return {};
  const reading = readDocument(text);
  return reading.kind === 'value' ? recordOf(reading.value) : {};
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
