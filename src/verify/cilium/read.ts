// Reading of objects whose types the schema has checked; what is not of the wanted type reads as absent.
import { isRecord } from '../kubernetes/index.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** The items of a list field, or undefined where there is no such field: absent and empty differ (C3). */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** How many items a list field has; absent counts as none. */
export function countOf(value: unknown): number {
  return itemsOf(value)?.length ?? 0;
}
