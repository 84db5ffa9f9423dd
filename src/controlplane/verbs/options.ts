import { badRequest } from '../api-error.ts';
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

/** @throws ApiError 400 for an option that the server does not know. */
export function writeOptions(query: URLSearchParams, userAgent: string, user: User): WriteOptions {
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All' && value !== '')) {
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(dryRun[0])}: supported values: "All"`);
  }
  const validation = query.get('fieldValidation') ?? 'Warn';
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore' && validation !== '') {
    throw badRequest(
      `fieldValidation: Unsupported value: ${JSON.stringify(validation)}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return {
    dryRun: dryRun.includes('All'),
    manager: query.get('fieldManager') || defaultManager(userAgent),
    named: (query.get('fieldManager') ?? '') !== '',
    validation: validation === '' ? 'Warn' : validation,
    force: query.get('force') === 'true',
    user,
    warnings: [],
  };
}

/** The program's name out of its User-Agent. */
const defaultManager = (userAgent: string): string => (userAgent.split('/')[0] ?? '').slice(0, 128) || 'unknown';
