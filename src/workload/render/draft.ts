import type { Finding, LatticeService, Severity } from '../../api/index.ts';
import type { Surroundings } from '../surroundings.ts';
import { evaluate, type Lookup } from '../template/evaluate.ts';
import type { Value } from '../value.ts';

export type Path = readonly (string | number)[];

/** An object as it is applied: plain data, no undefined fields. */
export interface WorkloadObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A service while it is rendered: what it may look up, and where its problems are gathered. */
export class Draft {
  readonly findings: Finding[] = [];
  readonly service: LatticeService;
  readonly namespace: string;
  readonly around: Surroundings;
  readonly #lookup: Lookup;

  constructor(service: LatticeService, namespace: string, around: Surroundings, lookup: Lookup) {
    this.service = service;
    this.namespace = namespace;
    this.around = around;
    this.#lookup = lookup;
  }

  get name(): string {
    return this.service.metadata.name;
  }

  /** Labels of every object of the service. */
  get labels(): Readonly<Record<string, string>> {
    return { 'app.kubernetes.io/managed-by': 'lattice', 'app.kubernetes.io/name': this.name };
  }

  /** What the pods are selected by. */
  get selector(): Readonly<Record<string, string>> {
    return { 'app.kubernetes.io/name': this.name };
  }

  /** The value of a template; undefined when it has problems, which are findings then. */
  value(text: string, path: Path): Value | undefined {
    if (!text.includes('$')) return text === '' ? [] : [{ kind: 'text', text }];
    const result = evaluate(text, this.#lookup);
    if (result.ok) return result.value;
    for (const { code, at, message } of result.problems) {
      this.add(code, 'error', path, `line ${at.line}, column ${at.column}: ${message}`, FIXES[code]);
    }
    return undefined;
  }

  add(code: string, severity: Severity, path: Path, message: string, fix?: string): void {
    const object = { kind: 'LatticeService', namespace: this.namespace, name: this.name };
    this.findings.push({ code, severity, message, object, path, ...(fix === undefined ? {} : { fix }) });
  }
}

const FIXES = {
  TemplateSyntax: 'a reference is ${path} or ${path | filter}; "$${" is a literal "${"',
  TemplateUnknown: 'name one of those, or add | default("...") where the value is optional',
  DependencyMissing: 'declare the dependency; the service is made as soon as it is there',
} as const;
