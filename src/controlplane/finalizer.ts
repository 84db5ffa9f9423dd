import { type Cause, invalidValue } from './api-error.ts';

/** @param field what the cause names. */
export function checkFinalizer(finalizer: string, field: string): readonly Cause[] {
  const standard = ['orphan', 'foregroundDeletion', 'kubernetes'].includes(finalizer);
  if (standard || finalizer.includes('/') || finalizer.includes('.')) return [];
  return [invalidValue(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];
}
