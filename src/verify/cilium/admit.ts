// What becomes of one object: refused by the API server or the agent, stored with fields dropped, or enforced.
import { admitNetworkPolicy, coerce, identify, isRecord, metadataErrors } from '../kubernetes/index.ts';
import type { ObjectRef, Refusal } from '../verdict.ts';
import { CLUSTER_POLICY } from './cluster-policy-schema.ts';
import { type ParseContext, parseCiliumSpec } from './parse-cilium.ts';
import { parseClusterPolicy } from './parse-cluster-policy.ts';
import { parseNetworkPolicy } from './parse-kubernetes.ts';
import { type Fields, fieldsOf, itemsOf } from './read.ts';
import type { Rule } from './rule.ts';
import { agentErrors } from './sanitize.ts';
import { CILIUM_POLICY } from './schema.ts';

/** The fate of one input object. */
export interface Admission {
  readonly object: ObjectRef;
  /** `ignored`: not a kind that Cilium enforces. */
  readonly effect: 'enforced' | 'refused' | 'ignored';
  readonly refusal: Refusal | undefined;
  /** Paths of fields that the API server drops without a word; the rest is what counts (surprise 3). */
  readonly pruned: readonly string[];
  readonly rules: readonly Rule[];
}

/** Decides about one raw object; never throws and never changes it. */
export function admitObject(object: unknown, settings: Omit<ParseContext, 'object' | 'order'>): Admission {
  if (
    !isRecord(object) ||
    typeof object.kind !== 'string' ||
    typeof object.apiVersion !== 'string' ||
    object.kind === ''
  )
    return refused({ kind: '', namespace: '', name: '' }, 'schema', ['is not a Kubernetes object'], []);
  const { kind, apiVersion } = object;
  const known = KINDS.find((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`));
  if (!known)
    return { object: { kind, namespace: '', name: '' }, effect: 'ignored', refusal: undefined, pruned: [], rules: [] };
  const { namespace, name } = identify(object, known.scope);
  const ref: ObjectRef = { kind, namespace, name };
  if (apiVersion !== `${known.group}/${known.version}`)
    return refused(ref, 'schema', [`version ${apiVersion} is not served`], []);
  return known.admit(object, { ...settings, object: ref, order: `${known.resource}/${namespace}/${name}` });
}

interface Kind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly scope: 'namespaced' | 'cluster';
  /** The engine orders objects by this name first. */
  readonly resource: string;
  readonly admit: (object: Fields, context: ParseContext) => Admission;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'CiliumNetworkPolicy',
    group: 'cilium.io',
    version: 'v2',
    scope: 'namespaced',
    resource: 'cnp',
    admit: admitCilium,
  },
  {
    kind: 'CiliumClusterwideNetworkPolicy',
    group: 'cilium.io',
    version: 'v2',
    scope: 'cluster',
    resource: 'ccnp',
    admit: admitCilium,
  },
  {
    kind: 'NetworkPolicy',
    group: 'networking.k8s.io',
    version: 'v1',
    scope: 'namespaced',
    resource: 'netpol',
    admit: admitKubernetes,
  },
  {
    kind: 'ClusterNetworkPolicy',
    group: 'policy.networking.k8s.io',
    version: 'v1alpha2',
    scope: 'cluster',
    resource: 'kcnp',
    admit: admitClusterPolicy,
  },
];

function admitCilium(object: Fields, context: ParseContext): Admission {
  const { object: ref } = context;
  const kind = ref.namespace === '' ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy';
  const { value, pruned, errors } = coerce(object, CILIUM_POLICY, '', 'refused');
  const problems = [...metadataErrors(object.metadata, ref.namespace === '' ? 'cluster' : 'namespaced'), ...errors];
  if (problems.length > 0) return refused(ref, 'schema', problems, pruned);
  const stored = fieldsOf(value);
  const specs: [Fields, string][] = stored.spec === undefined ? [] : [[fieldsOf(stored.spec), 'spec']];
  for (const [index, spec] of (itemsOf(stored.specs) ?? []).entries()) specs.push([fieldsOf(spec), `specs[${index}]`]);
  // One bad part refuses the whole object.
  const complaints = specs.flatMap(([spec, path]) => agentErrors(spec, path, kind));
  if (complaints.length > 0) return refused(ref, 'agent', complaints, pruned);
  return enforced(
    ref,
    pruned,
    specs.flatMap(([spec, path]) => parseCiliumSpec(spec, path, context)),
  );
}

function admitKubernetes(object: Fields, context: ParseContext): Admission {
  const { policy, errors, pruned } = admitNetworkPolicy(object);
  return policy
    ? enforced(context.object, pruned, parseNetworkPolicy(policy, context))
    : refused(context.object, 'schema', errors, pruned);
}

function admitClusterPolicy(object: Fields, context: ParseContext): Admission {
  const { value, pruned, errors } = coerce(object, CLUSTER_POLICY, '', 'refused');
  const problems = [...metadataErrors(object.metadata, 'cluster'), ...errors];
  if (problems.length > 0) return refused(context.object, 'schema', problems, pruned);
  return enforced(context.object, pruned, parseClusterPolicy(fieldsOf(fieldsOf(value).spec), context));
}

function enforced(object: ObjectRef, pruned: readonly string[], rules: readonly Rule[]): Admission {
  return { object, effect: 'enforced', refusal: undefined, pruned, rules };
}

function refused(
  object: ObjectRef,
  stage: Refusal['stage'],
  problems: readonly string[],
  pruned: readonly string[],
): Admission {
  return { object, effect: 'refused', refusal: { object, stage, message: problems.join('; ') }, pruned, rules: [] };
}
