// What tests ask of compiled objects, read back as plain data.
import type { Compiled, KubernetesObject } from '../../draft.ts';
import type { Rule, TargetRef } from '../objects.ts';

export interface PolicyRead {
  readonly namespace: string;
  readonly name: string;
  readonly part: string;
  readonly hasRules: boolean;
  readonly matchLabels: Readonly<Record<string, string>> | undefined;
  readonly targetRefs: readonly TargetRef[] | undefined;
  readonly rules: readonly Rule[];
}

interface PolicySpec {
  readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly targetRefs?: readonly TargetRef[];
  readonly rules?: readonly Rule[];
}

export function policies(compiled: Compiled): readonly PolicyRead[] {
  return compiled.drafts
    .filter(({ object }) => object.kind === 'AuthorizationPolicy')
    .map(({ part, object }) => {
      const spec = specOf(object);
      if (!isPolicySpec(spec)) throw new Error(`${object.metadata.name}: spec is no map`);
      return {
        namespace: object.metadata.namespace ?? '',
        name: object.metadata.name,
        part,
        hasRules: 'rules' in spec,
        matchLabels: spec.selector?.matchLabels,
        targetRefs: spec.targetRefs,
        rules: spec.rules ?? [],
      };
    });
}

/** Rules as `a, b -> 80,443`; callers without identity as `plaintext`, with their addresses as `plaintext 10.0.0.0/8`. */
export function said(rules: readonly Rule[]): readonly string[] {
  return rules.map(({ from, to }) => {
    const { source } = from[0];
    const who =
      'principals' in source ? source.principals.join(', ') : ['plaintext', ...(source.ipBlocks ?? [])].join(' ');
    return `${who} -> ${to[0].operation.ports.join(',')}`;
  });
}

/** The policies that ztunnel enforces, which is those with a selector (I3). */
export function atPods(compiled: Compiled): readonly PolicyRead[] {
  return policies(compiled).filter((policy) => policy.matchLabels !== undefined);
}

export function atWaypoint(compiled: Compiled): readonly PolicyRead[] {
  return policies(compiled).filter((policy) => policy.targetRefs !== undefined);
}

export function objectsOf(compiled: Compiled, kind: string): readonly KubernetesObject[] {
  return compiled.drafts.map(({ object }) => object).filter((object) => object.kind === kind);
}

export function codes(compiled: Compiled): readonly string[] {
  return compiled.findings.map(({ code, severity }) => `${severity} ${code}`);
}

/** A copy as the API server would receive it. */
export function specOf(object: KubernetesObject): unknown {
  return JSON.parse(JSON.stringify(object.spec));
}

function isPolicySpec(value: unknown): value is PolicySpec {
  return typeof value === 'object' && value !== null;
}
