import { load } from 'js-yaml';
import type { CompileOptions } from '../../policy/index.ts';
import type { Refusal } from './decide-status.ts';

/** What an engine's own configuration means for what is compiled. */
export interface EngineJudgement {
  /** Objects made with these flags would mean something else: nothing is written. */
  readonly closed: readonly Refusal[];
  /** Objects are written, and do not all have the effect that they should have. */
  readonly weak: readonly Refusal[];
}

export const SOUND: EngineJudgement = { closed: [], weak: [] };

type Data = Readonly<Record<string, string>>;

/** Judges the ConfigMap cilium-config (C10, C28). Undefined: there is none, and nothing is known. */
export function judgeCilium(data: Data | undefined, options: Pick<CompileOptions, 'clusterName'>): EngineJudgement {
  if (!data) return SOUND;
  const name = data['cluster-name'] ?? 'default';
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
  const domain = trustDomainOf(data['mesh'] ?? '');
  if (domain === undefined) {
    return {
      closed: [],
      weak: [{ reason: 'MeshConfigUnreadable', message: 'the mesh configuration in ConfigMap istio is not YAML' }],
    };
  }
  if (domain === options.trustDomain) return SOUND;
  return {
    closed: [
      {
        reason: 'TrustDomainDiffers',
        message: `the mesh's trust domain is "${domain}", not "${options.trustDomain}": no caller would match; start the operator with --trust-domain ${domain}`,
      },
    ],
    weak: [],
  };
}

function trustDomainOf(mesh: string): string | undefined {
  try {
    const config = load(mesh);
    const domain: unknown =
      typeof config === 'object' && config !== null ? Reflect.get(config, 'trustDomain') : undefined;
    return typeof domain === 'string' && domain !== '' ? domain : 'cluster.local';
  } catch {
    return undefined;
  }
}
