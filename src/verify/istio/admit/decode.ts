// Reads foreign objects as a structural CRD schema does: unknown fields are dropped and reported,
// nulls in objects are dropped, wrong types are refused.

export interface Report {
  /** Paths of fields that the API server drops; what remains IS in force. */
  readonly pruned: string[];
  /** Why the API server refuses the object. */
  readonly issues: string[];
}

/** Returns the decoded value; undefined only after an issue was reported. */
export type Decoder<T> = (value: unknown, path: string, report: Report) => T | undefined;

type Decoded<D> = D extends Decoder<infer T> ? T : never;
type Fields = Readonly<Record<string, Decoder<unknown>>>;
type RecordOf<F extends Fields> = { readonly [K in keyof F]?: Decoded<F[K]> };

/** Checks a decoded value further; returns what is wrong with it, if anything. */
export type Rule<T> = (value: T) => string | undefined;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object with known fields, none of them required unless listed. */
export function record<F extends Fields>(
  fields: F,
  options: { readonly required?: readonly (keyof F & string)[]; readonly rules?: readonly Rule<RecordOf<F>>[] } = {},
): Decoder<RecordOf<F>> {
  return (value, path, report) => {
    if (!isRecord(value)) return refuse(report, path, 'must be an object');
    const decoded: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(value)) {
      const decoder = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!decoder) report.pruned.push(`${path}.${name}`);
      // A null in a field that is not nullable is dropped before anything looks at it.
      else if (field !== null) decoded[name] = decoder(field, `${path}.${name}`, report);
    }
    for (const name of options.required ?? []) {
      if (!Object.hasOwn(decoded, name)) refuse(report, `${path}.${name}`, 'is required');
    }
    if (!isDecodedBy(fields, decoded)) return undefined;
    for (const rule of options.rules ?? []) {
      const problem = rule(decoded);
      if (problem !== undefined) refuse(report, path, problem);
    }
    return decoded;
  };
}

/** Every value in `decoded` came out of the decoder of its field. */
function isDecodedBy<F extends Fields>(fields: F, decoded: Record<string, unknown>): decoded is RecordOf<F> {
  return Object.keys(decoded).every((name) => Object.hasOwn(fields, name));
}

export function list<T>(item: Decoder<T>, maxItems = Number.POSITIVE_INFINITY): Decoder<readonly T[]> {
  return (value, path, report) => {
    if (!Array.isArray(value)) return refuse(report, path, 'must be a list');
    if (value.length > maxItems) return refuse(report, path, `must have at most ${maxItems} items`);
    const entries: readonly unknown[] = value;
    return entries.flatMap((entry, index) => {
      const decoded = item(entry, `${path}[${index}]`, report);
      return decoded === undefined ? [] : [decoded];
    });
  };
}

/** An object whose keys are data. */
export function map<T>(
  entry: Decoder<T>,
  options: { readonly min?: number; readonly max?: number; readonly key?: Rule<string> } = {},
): Decoder<ReadonlyMap<string, T>> {
  return (value, path, report) => {
    if (!isRecord(value)) return refuse(report, path, 'must be an object');
    const entries = Object.entries(value).filter(([, held]) => held !== null);
    if (entries.length < (options.min ?? 0)) return refuse(report, path, `must have at least ${options.min} entries`);
    if (options.max !== undefined && entries.length > options.max) {
      return refuse(report, path, `must have at most ${options.max} entries`);
    }
    const decoded = new Map<string, T>();
    for (const [key, held] of entries) {
      const problem = options.key?.(key);
      if (problem !== undefined) refuse(report, path, problem);
      const result = entry(held, `${path}.${key}`, report);
      if (result !== undefined) decoded.set(key, result);
    }
    return decoded;
  };
}

export function text(
  options: {
    readonly min?: number;
    readonly max?: number;
    readonly pattern?: RegExp;
    readonly rule?: Rule<string>;
  } = {},
): Decoder<string> {
  return (value, path, report) => {
    if (typeof value !== 'string') return refuse(report, path, 'must be a string');
    // The schema counts code points, not UTF-16 units.
    const length = options.max === undefined && options.min === undefined ? 0 : Array.from(value).length;
    if (length < (options.min ?? 0)) return refuse(report, path, `must have at least ${options.min} characters`);
    if (options.max !== undefined && length > options.max) {
      return refuse(report, path, `must have at most ${options.max} characters`);
    }
    if (options.pattern && !options.pattern.test(value)) return refuse(report, path, `must match ${options.pattern}`);
    const problem = options.rule?.(value);
    return problem === undefined ? value : refuse(report, path, problem);
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): Decoder<T> {
  return (value, path, report) =>
    choices.find((choice) => choice === value) ?? refuse(report, path, `must be one of ${choices.join(', ')}`);
}

function refuse(report: Report, path: string, problem: string): undefined {
  report.issues.push(`${path}: ${problem}`);
}
