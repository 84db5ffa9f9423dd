/** How much a finding matters: an error refuses something, a warning leaves something closed or too open, info is advice. */
export type Severity = 'error' | 'warning' | 'info';

/** Which object a finding is about. */
export interface ObjectName {
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

/** Something that the user should know, in the one shape that lint, conditions, errors and JSON output share. */
export interface Finding {
  /** PascalCase, one spelling for the condition's reason, the lint code and the anchor in the docs. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly object?: ObjectName;
  /** Where inside the object, such as `['spec', 'resources', 'auth', 'ports', 0]`. */
  readonly path?: readonly (string | number)[];
  /** What to write, as a sentence or as YAML. */
  readonly fix?: string;
  /** The agreed edge that stays closed because of it, by the names of its ends; `to` may be a host outside. */
  readonly edge?: { readonly from: string; readonly to: string };
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
}

/** `spec.resources.auth.ports[0]` for people; keys that are not words are quoted. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
