// The way into the cluster: what the API server stores of an object and whether istiod's webhook lets it.
import type { ObjectRef, Refusal } from '../../verdict.ts';
import { type AuthorizationPolicy, authorizationSpec } from './authorization-policy.ts';
import { type Decoder, isRecord, type Report } from './decode.ts';
import { readMetadata } from './metadata.ts';
import { type PeerAuthentication, peerAuthenticationSpec } from './peer-authentication.ts';
import { checkAuthorizationPolicy, checkPeerAuthentication } from './webhook.ts';

/** What becomes of one raw object. */
export type Admission =
  | {
      readonly kind: 'accepted';
      readonly object: ObjectRef;
      readonly policy: AuthorizationPolicy | PeerAuthentication;
      /** Unknown fields that are dropped in silence; a misspelt one widens its rule (Z11). */
      readonly pruned: readonly string[];
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Not a policy of Istio's security group. */
  | { readonly kind: 'other' };

/** Decides for one raw object of any shape; never throws. */
export function admit(raw: unknown): Admission {
  if (!isRecord(raw) || typeof raw['apiVersion'] !== 'string' || typeof raw['kind'] !== 'string') {
    return refuse({ kind: '', namespace: '', name: '' }, 'schema', ['must be an object with apiVersion and kind']);
  }
  const { apiVersion, kind } = { apiVersion: raw['apiVersion'], kind: raw['kind'] };
  const isPolicy = kind === 'AuthorizationPolicy' || kind === 'PeerAuthentication';
  if (!isPolicy || !apiVersion.startsWith('security.istio.io/')) return { kind: 'other' };
  const { metadata, problems } = readMetadata(raw['metadata']);
  const object: ObjectRef = { kind, namespace: metadata.namespace, name: metadata.name };
  if (apiVersion !== 'security.istio.io/v1' && apiVersion !== 'security.istio.io/v1beta1') {
    return refuse(object, 'schema', [`no such version: ${apiVersion}`]);
  }
  if (problems.length > 0) return refuse(object, 'schema', problems);
  return kind === 'AuthorizationPolicy'
    ? decide(object, raw, authorizationSpec, (spec) => {
        const policy: AuthorizationPolicy = { kind, metadata, spec };
        return { policy, problems: checkAuthorizationPolicy(policy) };
      })
    : decide(object, raw, peerAuthenticationSpec, (spec) => {
        const policy: PeerAuthentication = { kind, metadata, spec };
        return { policy, problems: checkPeerAuthentication(policy) };
      });
}

function decide<T>(
  object: ObjectRef,
  raw: Readonly<Record<string, unknown>>,
  decoder: Decoder<T>,
  validate: (spec: T) => {
    readonly policy: AuthorizationPolicy | PeerAuthentication;
    readonly problems: readonly string[];
  },
): Admission {
  const report: Report = { pruned: [], issues: [] };
  for (const field of Object.keys(raw)) {
    if (!['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(field)) report.pruned.push(field);
  }
  // An absent spec is an empty one: an ALLOW without rules, which admits nobody (I1).
  const spec = decoder(raw['spec'] ?? {}, 'spec', report);
  if (report.issues.length > 0 || spec === undefined) return refuse(object, 'schema', report.issues);
  const { policy, problems } = validate(spec);
  if (problems.length > 0) return refuse(object, 'agent', problems);
  return { kind: 'accepted', object, policy, pruned: report.pruned };
}

function refuse(object: ObjectRef, stage: Refusal['stage'], problems: readonly string[]): Admission {
  return { kind: 'refused', refusal: { object, stage, message: problems.join('; ') } };
}
