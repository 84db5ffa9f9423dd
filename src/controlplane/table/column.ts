import { at, type Json, type JsonObject, objectAt, textAt } from '../json.ts';

/** One column of `kubectl get`. Priority 1 shows with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  /** `now` is in milliseconds since the epoch. */
  readonly cell: (object: JsonObject, now: number) => Json;
}

export function column(name: string, description: string, cell: Column['cell'], more: Partial<Column> = {}): Column {
  return { name, type: 'string', format: '', description, priority: 0, cell, ...more };
}

export const wide = { priority: 1 } as const;
export const integer = { type: 'integer' } as const;

export const NAME: Column = column('Name', 'Name of the object.', (object) => textAt(object, 'metadata', 'name'), {
  format: 'name',
});
export const AGE: Column = column('Age', 'Time since the object was created.', (object, now) =>
  since(at(object, 'metadata', 'creationTimestamp'), now),
);
/** The default of kinds without columns of their own: the raw time, which kubectl prints as it is. */
export const CREATED_AT: Column = column(
  'Created At',
  'When the object was created.',
  (object) => textAt(object, 'metadata', 'creationTimestamp'),
  { type: 'date' },
);

export const text =
  (...path: readonly string[]) =>
  (object: JsonObject): Json =>
    textAt(object, ...path);

export const count =
  (...path: readonly string[]) =>
  (object: JsonObject): Json => {
    const found = at(object, ...path);
    return typeof found === 'number' ? found : 0;
  };

export const number = (object: Json | undefined, ...path: readonly string[]): number => {
  const found = at(object, ...path);
  return typeof found === 'number' ? found : 0;
};

export const sizeOf = (object: JsonObject, ...path: readonly string[]): number => {
  const found = at(object, ...path);
  return Array.isArray(found) ? found.length : Object.keys(objectAt(object, ...path)).length;
};

export const or = (value: string, instead: string): string => (value === '' ? instead : value);

/** Time since `moment` as kubectl shows ages; `<unknown>` without one. */
export function since(moment: Json | undefined, now: number): string {
  const millis = typeof moment === 'string' ? Date.parse(moment) : Number.NaN;
  return Number.isNaN(millis) ? '<unknown>' : humanDuration(now - millis);
}

/** Two or three significant figures: 2m5s, 3h20m, 7d. */
export function humanDuration(millis: number): string {
  const seconds = Math.trunc(millis / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
