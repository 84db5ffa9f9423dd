import type { Finding, ObjectName, Severity } from '../api/index.ts';
import { entryOf, type ServiceDeclaration } from './declare-service.ts';

/** Gathers the findings about one object. */
export class Report {
  readonly findings: Finding[] = [];
  readonly #object: ObjectName;

  constructor(object: ObjectName) {
    this.#object = object;
  }

  add(
    code: string,
    severity: Severity,
    message: string,
    path: readonly (string | number)[],
    fix: string | undefined,
  ): void {
    this.findings.push({ code, severity, message, object: this.#object, path, ...(fix === undefined ? {} : { fix }) });
  }
}

/** Where the half towards `peer` is written. */
export function entryPath(
  service: ServiceDeclaration,
  direction: 'outbound' | 'inbound',
  type: 'service' | 'external_service' | 'builtin',
  peer: string,
): readonly (string | number)[] {
  return ['spec', 'resources', entryOf(service, direction, type, peer) ?? peer];
}
