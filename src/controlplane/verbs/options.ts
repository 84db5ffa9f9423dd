import { type Cause, invalid, invalidValue, unsupported } from '../api-error.ts';
import type { User } from '../server/authenticate.ts';

/** What the client asked beside the object itself. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly manager: string;
  /** Whether the client named the manager itself. */
  readonly named: boolean;
  readonly validation: 'Strict' | 'Warn' | 'Ignore';
  readonly force: boolean;
  readonly user: User;
  /** Warnings for the client; a write adds to them. */
  readonly warnings: string[];
}

const VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'] as const;

/** Under which name the server judges the options of a method. */
const KINDS: Readonly<Record<string, string>> = {
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

/** @throws ApiError 422 for an option that the server does not know. */
export function writeOptions(method: string, query: URLSearchParams, userAgent: string, user: User): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const validation = VALIDATIONS.find((known) => known === (query.get('fieldValidation') ?? 'Warn'));
  const causes: Cause[] = [];
  if (dryRun.some((value) => value !== 'All')) causes.push(unsupported('dryRun', dryRun, ['All']));
  if (validation === undefined) causes.push(unsupported('fieldValidation', query.get('fieldValidation'), VALIDATIONS));
  causes.push(...checkManager(query.get('fieldManager') ?? ''));
  if (causes.length > 0) throw invalid(KINDS[method] ?? 'CreateOptions', 'meta.k8s.io', '', causes);
  return {
    dryRun: dryRun.includes('All'),
    manager: query.get('fieldManager') || defaultManager(userAgent),
    named: (query.get('fieldManager') ?? '') !== '',
    validation: validation === '' || validation === undefined ? 'Warn' : validation,
    force: query.get('force') === 'true',
    user,
    warnings: [],
  };
}

function checkManager(manager: string): readonly Cause[] {
  const causes: Cause[] = [];
  if (manager.length > 128)
    causes.push({
      reason: 'FieldValueTooLong',
      field: 'fieldManager',
      message: 'Too long: may not be more than 128 bytes',
    });
  for (const [position, letter] of Array.from(manager).entries()) {
    if (!/[\p{C}]/u.test(letter)) continue;
    const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    causes.push(invalidValue('fieldManager', manager, `invalid character U+${code} (at position ${position})`));
  }
  return causes;
}

/** The program's name out of its User-Agent. */
const defaultManager = (userAgent: string): string => (userAgent.split('/')[0] ?? '').slice(0, 128) || 'unknown';
