// PeerAuthentications -> the DENY policies that ztunnel gets (I13): STRICT denies peers without principal.
import type { ObjectRef } from '../../verdict.ts';
import type { MutualTls, MutualTlsMode, PeerAuthentication } from '../admit/peer-authentication.ts';
import { type L4Match, type L4Policy, type L4Rule, NOTHING } from './l4-policy.ts';

/** The PeerAuthentications in force on one workload; of several on a level the oldest (Z7). */
export interface Levels {
  readonly mesh: PeerAuthentication | undefined;
  readonly namespace: PeerAuthentication | undefined;
  readonly workload: PeerAuthentication | undefined;
}

/** What the port-level policy of a workload inherits from; of policies without any selector only. */
export type Inherited = Omit<Levels, 'workload'>;

const WITHOUT_PRINCIPAL: L4Match = { ...NOTHING, notPrincipals: [{ kind: 'presence', text: '' }] };

/** The DENY policies on a workload: the static STRICT one, the one with port exceptions, both or none. */
export function peerPolicies(levels: Levels, inherited: Inherited, rootNamespace: string): readonly L4Policy[] {
  const { strict, decidedBy, byPort } = resolve(levels);
  const found: L4Policy[] = [];
  if (strict && decidedBy) found.push(staticStrict(rootNamespace, decidedBy));
  if (byPort && levels.workload) {
    // Istiod may refer to a policy that it never sends; ztunnel then skips it (STRICT port under a STRICT mesh).
    const converted = convertPorts(levels.workload, inherited);
    if (converted) found.push(converted);
  }
  return found;
}

/** Whether the static STRICT policy and the workload's port-level one are referred to. */
function resolve({ mesh, namespace, workload }: Levels): {
  readonly strict: boolean;
  readonly decidedBy: PeerAuthentication | undefined;
  readonly byPort: boolean;
} {
  const decidedBy = [workload, namespace].find((level) => level && modeOf(level.spec.mtls) !== 'UNSET') ?? mesh;
  const strict = modeOf(decidedBy?.spec.mtls) === 'STRICT';
  const ports = new Set([...(workload?.spec.portLevelMtls?.values() ?? [])].map(modeOf));
  if (!strict) return { strict, decidedBy, byPort: ports.has('STRICT') };
  // Z6: under an inherited STRICT only PERMISSIVE makes an exception, under its own also DISABLE.
  const explicit = decidedBy === workload;
  const byPort = ports.has('PERMISSIVE') || (explicit && ports.has('DISABLE'));
  return { strict: !byPort, decidedBy, byPort };
}

function staticStrict(rootNamespace: string, decidedBy: PeerAuthentication): L4Policy {
  const object = refOf(decidedBy);
  return {
    key: `${rootNamespace}/istio_converted_static_strict`,
    object,
    action: 'DENY',
    dryRun: false,
    rules: [{ object: { ...object, rule: 'spec.mtls' }, clauses: [[WITHOUT_PRINCIPAL]] }],
  };
}

/** The policy for a workload with `portLevelMtls`; undefined where istiod makes none. */
function convertPorts(workload: PeerAuthentication, inherited: Inherited): L4Policy | undefined {
  const own = modeOf(workload.spec.mtls);
  const strictPorts: number[] = [];
  const exempt: number[] = [];
  for (const [port, mtls] of workload.spec.portLevelMtls ?? []) {
    const mode = modeOf(mtls);
    if (mode === 'STRICT' && !isCoveredByParent(own, inherited)) strictPorts.push(Number(port));
    if ((mode === 'PERMISSIVE' || mode === 'DISABLE') && isExempting(own, inherited)) exempt.push(Number(port));
  }
  if (strictPorts.length === 0 && exempt.length === 0) return undefined;
  const object = refOf(workload);
  const rules: L4Rule[] = strictPorts.map((port) => ({
    object: { ...object, rule: `spec.portLevelMtls[${port}]` },
    clauses: [[{ ...WITHOUT_PRINCIPAL, ports: [port] }]],
  }));
  if (exempt.length > 0) {
    const clauses = [[WITHOUT_PRINCIPAL], ...exempt.map((port) => [{ ...NOTHING, notPorts: [port] }])];
    rules.push({ object: { ...object, rule: 'spec.mtls' }, clauses });
  }
  const key = `${workload.metadata.namespace}/converted_peer_authentication_${workload.metadata.name}`;
  return { key, object, action: 'DENY', dryRun: false, rules };
}

/** A STRICT port needs no rule where the parent denies anyway; under a STRICT mesh even below its own PERMISSIVE. */
function isCoveredByParent(own: MutualTlsMode, { namespace, mesh }: Inherited): boolean {
  if (own === 'STRICT' || (own === 'UNSET' && modeOf(namespace?.spec.mtls) === 'STRICT')) return true;
  return modeOf(namespace?.spec.mtls) === 'UNSET' && modeOf(mesh?.spec.mtls) === 'STRICT';
}

/** A namespace policy hides the mesh's here even when it is UNSET, unlike in `resolve`. */
function isExempting(own: MutualTlsMode, { namespace, mesh }: Inherited): boolean {
  return own === 'STRICT' || (own === 'UNSET' && modeOf((namespace ?? mesh)?.spec.mtls) === 'STRICT');
}

function modeOf(mtls: MutualTls | undefined): MutualTlsMode {
  return mtls?.mode ?? 'UNSET';
}

function refOf({ kind, metadata }: PeerAuthentication): ObjectRef {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}
