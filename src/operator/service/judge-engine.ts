import { load } from 'js-yaml';
import type { CompileOptions } from '../../policy/index.ts';
import type { EngineSettings } from '../foreign/index.ts';
import type { Refusal } from './decide-status.ts';

/** What an engine's own configuration means for what is compiled. */
export interface EngineJudgement {
  /** Objects made with these flags would mean something else: nothing is written. */
  readonly closed: readonly Refusal[];
  /** Objects are written, and do not all have the effect that they should have. */
  readonly weak: readonly Refusal[];
  /** What changes a verdict of the engine. */
  readonly settings: EngineSettings;
}

export const SOUND: EngineJudgement = { closed: [], weak: [], settings: {} };

type Data = Readonly<Record<string, string>>;

/** Judges the ConfigMap cilium-config (C10, C28). Undefined: there is none, and nothing is known. */
export function judgeCilium(data: Data | undefined, options: Pick<CompileOptions, 'clusterName'>): EngineJudgement {
  if (!data) return SOUND;
  const name = data['cluster-name'] ?? 'default';
  const enforcement = data['enable-policy'];
  return {
    closed:
      name === options.clusterName
        ? []
        : [
            {
              reason: 'ClusterNameDiffers',
              message: `Cilium calls this cluster "${name}", not "${options.clusterName}": no peer would match; start the operator with --cluster-name ${name}`,
            },
          ],
    weak: CILIUM_CHECKS.flatMap(({ key, bad, ...refusal }) => (data[key] === bad ? [refusal] : [])),
    settings: {
      ...(enforcement === 'always' || enforcement === 'never' ? { enforcement } : {}),
      ...(data['policy-default-local-cluster'] === 'false' ? { everyCluster: true } : {}),
    },
  };
}

const CILIUM_CHECKS: readonly (Refusal & { readonly key: string; readonly bad: string })[] = [
  {
    key: 'enable-policy',
    bad: 'never',
    reason: 'PolicyEnforcementOff',
    message: 'Cilium enforces no policy at all: set policyEnforcementMode to default',
  },
  {
    key: 'enable-policy',
    bad: 'always',
    reason: 'PolicyEnforcementAlways',
    message: 'Cilium closes pods that no policy selects, too: set policyEnforcementMode to default',
  },
  {
    key: 'policy-audit-mode',
    bad: 'true',
    reason: 'PolicyAuditMode',
    message: 'Cilium logs what it should drop, and lets it through: set policyAuditMode to false',
  },
  {
    key: 'enable-l7-proxy',
    bad: 'false',
    reason: 'DnsProxyOff',
    message: 'Cilium does not see answers of DNS, so that agreements with names open nothing: set l7Proxy to true',
  },
];

/** Judges the mesh configuration in the ConfigMap istio (I4). */
export function judgeIstio(data: Data | undefined, options: Pick<CompileOptions, 'trustDomain'>): EngineJudgement {
  if (!data) return SOUND;
  const mesh = meshOf(data['mesh'] ?? '');
  if (!mesh) {
    const message = 'the mesh configuration in ConfigMap istio is not YAML';
    return { ...SOUND, weak: [{ reason: 'MeshConfigUnreadable', message }] };
  }
  const { trustDomain = 'cluster.local', rootNamespace } = mesh;
  const settings = rootNamespace === undefined ? {} : { rootNamespace };
  if (trustDomain === options.trustDomain) return { ...SOUND, settings };
  return {
    closed: [
      {
        reason: 'TrustDomainDiffers',
        message: `the mesh's trust domain is "${trustDomain}", not "${options.trustDomain}": no caller would match; start the operator with --trust-domain ${trustDomain}`,
      },
    ],
    weak: [],
    settings,
  };
}

/** What is read of the mesh configuration; undefined when it is no YAML. */
function meshOf(text: string): { readonly trustDomain?: string; readonly rootNamespace?: string } | undefined {
  try {
    const config = load(text);
    return { ...textIn(config, 'trustDomain'), ...textIn(config, 'rootNamespace') };
  } catch {
    return undefined;
  }
}

function textIn<K extends string>(config: unknown, name: K): { readonly [name in K]?: string } {
  const value: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, name) : undefined;
  const found: { [name in K]?: string } = {};
  if (typeof value === 'string' && value !== '') found[name] = value;
  return found;
}
