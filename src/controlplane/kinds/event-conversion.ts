import { compact, type JsonObject, objectAt } from '../json.ts';
import type { Conversion } from './resource.ts';

/** events.k8s.io/v1 and v1 are two spellings of one stored event; it is stored as v1. */
const SPELLINGS: readonly (readonly [events: string, core: string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reportingController', 'reportingComponent'],
];

export const EVENT_CONVERSION: Conversion = {
  toStored: (object) => renamed(object, 'v1', 0, 1),
  fromStored: (object) => withoutEmpty(renamed(object, 'events.k8s.io/v1', 1, 0)),
};

function renamed(object: JsonObject, apiVersion: string, from: 0 | 1, to: 0 | 1): JsonObject {
  const names = new Map(SPELLINGS.map((pair) => [pair[from], pair[to]]));
  const members = Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value] as const);
  return compact({ ...Object.fromEntries(members), apiVersion, metadata: objectAt(object, 'metadata') });
}

/** The newer spelling omits an empty reporter. */
function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([name, value]) => !(name.startsWith('reporting') && value === '')),
  );
}
