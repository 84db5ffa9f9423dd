// AdmissionReview v1, request and answer. Pure.
import { type Finding, formatPath } from '../../api/index.ts';
import { at, isRecord } from '../../kube/index.ts';
import type { Judge } from './judge.ts';

/** What is asked, as far as it is read. */
export interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly namespace: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly old: Readonly<Record<string, unknown>> | undefined;
}

export interface Verdict {
  readonly kind: 'allowed' | 'unchanged' | 'refused';
  readonly findings: readonly Finding[];
}

/** Undefined when it is no review of something that is written. */
export function readReview(body: unknown): ReviewRequest | undefined {
  if (!isRecord(body) || body['kind'] !== 'AdmissionReview' || body['apiVersion'] !== 'admission.k8s.io/v1')
    return undefined;
  const { request } = body;
  if (!isRecord(request)) return undefined;
  const { uid, operation, namespace, object, oldObject } = request;
  if (typeof uid !== 'string' || uid === '' || typeof operation !== 'string' || !isRecord(object)) return undefined;
  return {
    uid,
    operation,
    namespace: typeof namespace === 'string' ? namespace : '',
    object,
    old: isRecord(oldObject) ? oldObject : undefined,
  };
}

/**
 * Whether it may be stored. What was declared before and is not changed is never refused: finalizers, labels and owners
 * of an object from before a rule was made must stay writable, or it could not even be deleted.
 */
export function decideReview({ object, old, namespace }: ReviewRequest, judge: Judge): Verdict {
  const going = at(object, 'metadata', 'deletionTimestamp') !== undefined;
  if (old && (going || sameValue(object['spec'], old['spec']))) return { kind: 'unchanged', findings: [] };
  const findings = judge(object, namespace);
  return { kind: findings.length > 0 ? 'refused' : 'allowed', findings };
}

/** The answer to send. `kubectl` shows the causes, one a line, and nothing else of it. */
export function reviewAnswer({ uid, object }: ReviewRequest, { kind, findings }: Verdict): object {
  const response =
    kind === 'refused'
      ? {
          uid,
          allowed: false,
          status: {
            status: 'Failure',
            code: 422,
            reason: 'Invalid',
            message: findings.map((finding) => `${placeOf(finding)}${sentence(finding)}`).join('; '),
            details: {
              group: 'lattice.dev',
              kind: object['kind'],
              name: at(object, 'metadata', 'name'),
              causes: findings.map((finding) => ({
                reason: finding.code,
                message: sentence(finding),
                field: formatPath(finding.path ?? []),
              })),
            },
          },
        }
      : { uid, allowed: true };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}

const placeOf = ({ path = [] }: Finding): string => (path.length > 0 ? `${formatPath(path)}: ` : '');

/** As the command line says it, without a file and a line. */
const sentence = ({ code, message, fix }: Finding): string =>
  `${code}: ${message}${fix === undefined ? '' : ` (fix: ${fix})`}`;

/** Equal as JSON, whatever the order of keys. */
function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  );
}
