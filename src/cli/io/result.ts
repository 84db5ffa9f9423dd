import type { Finding } from '../../api/index.ts';
import { titleOf } from './object.ts';

export type Answer = 'yes' | 'no' | 'undecided';

/** Every answer that is no list of objects, as `-o json` gives it. `fields` are the command's own. */
export function toResult(
  command: string,
  answer: Answer,
  findings: readonly Finding[],
  fields: Readonly<Record<string, unknown>>,
): string {
  const kind = `${command.charAt(0).toUpperCase()}${command.slice(1)}Result`;
  const envelope = {
    apiVersion: 'cli.lattice.dev/v1alpha1',
    kind,
    result: answer,
    findings: findings.map(plain),
    ...fields,
  };
  return `${JSON.stringify(envelope, undefined, 2)}\n`;
}

/** A finding with its object as `Kind ns/name`; the order of fields is part of the format. */
function plain(finding: Finding): Readonly<Record<string, unknown>> {
  const { code, severity, message, object, path, file, line, column, fix } = finding;
  return {
    code,
    severity,
    message,
    ...(object ? { object: titleOf(object) } : {}),
    ...(path ? { path } : {}),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(fix === undefined ? {} : { fix }),
  };
}
