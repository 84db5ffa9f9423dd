import type { Draft } from '../draft.ts';
import { type Bucket, bucketsOf } from '../kubernetes/bucket.ts';
import type { LabelMatch } from '../kubernetes/label-match.ts';
import type { Owner } from '../name.ts';
import type { Context } from './context.ts';
import { draftPolicy } from './draft-policy.ts';
import type { Group } from './grants.ts';
import { egressRules, ingressRules, type WritePorts } from './rules.ts';
import { ownSelector } from './select-peer.ts';
import type { EgressRule, IngressRule, PolicySpec } from './spec.ts';
import { suffixes } from '../kubernetes/suffix.ts';

/** The pods that policies are about. */
export interface Subject {
  readonly owner: Owner;
  readonly namespace: string;
  readonly pods: readonly LabelMatch[];
  readonly accounts: readonly string[];
}

/** What isolates pods and what they may do whatever else is agreed; each direction has at least one rule. */
export interface Isolation {
  readonly ingress: readonly IngressRule[];
  readonly egress: readonly EgressRule[];
}

/** What is agreed, by direction. */
export interface Opened {
  readonly ingress: readonly Group[];
  readonly egress: readonly Group[];
}

/** Isolates pods by their labels alone, whatever account they run under. */
export function denyPolicies(subject: Subject, { ingress, egress }: Isolation): readonly Draft[] {
  const { owner, namespace, pods } = subject;
  const tags = suffixes(pods);
  return pods.map((match, index) => {
    const suffix = joined('deny', tags[index]);
    const spec = { endpointSelector: ownSelector(match, []), ingress, egress };
    return draftPolicy({ owner, namespace, part: 'deny', suffix }, spec);
  });
}

/**
 * Opens what is agreed, for pods that run under one of the accounts too. It isolates nothing (C25): written before the
 * deny and removed after it, it never leaves a pod isolated without its exemptions.
 */
export function grantPolicies({ writePorts }: Context, subject: Subject, opened: Opened): readonly Draft[] {
  if (opened.ingress.length + opened.egress.length === 0) return [];
  return bucketsOf([...opened.ingress, ...opened.egress]).flatMap((bucket) =>
    bucketPolicies(subject, rulesIn(opened, bucket, writePorts), bucket),
  );
}

function bucketPolicies(subject: Subject, rules: Rules | undefined, bucket: Bucket): readonly Draft[] {
  const { owner, namespace, pods, accounts } = subject;
  if (!rules) return [];
  const tags = suffixes(pods);
  return pods.map((match, index) => {
    const suffix = joined(tags[index], bucket.suffix);
    const spec = { endpointSelector: ownSelector(match, accounts), enableDefaultDeny: NOT_ISOLATING, ...rules };
    return draftPolicy({ owner, namespace, part: 'grant', suffix }, spec);
  });
}

const NOT_ISOLATING = { ingress: false, egress: false } as const;

type Rules = Pick<PolicySpec, 'ingress' | 'egress'>;

function rulesIn(opened: Opened, bucket: Bucket, write: WritePorts): Rules | undefined {
  const ingress = ingressRules(opened.ingress, bucket, write);
  const egress = egressRules(opened.egress, bucket, write);
  if (ingress.length + egress.length === 0) return undefined;
  return { ...(ingress.length > 0 ? { ingress } : {}), ...(egress.length > 0 ? { egress } : {}) };
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('-');
}
