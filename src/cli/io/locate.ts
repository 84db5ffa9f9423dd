import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml';
import { specAliases } from '../../api/index.ts';
import { MAX_DEPTH } from './document.ts';

/** A node of a document and where it is written; `key` is where its key begins, for entries of a map. */
interface Node {
  readonly at: number;
  readonly scalar: boolean;
  readonly entries: ReadonlyMap<string, Node>;
  readonly items: readonly Node[];
  readonly key?: number;
}

/** Where a path leads inside of a document; `exact` is false when only an ancestor of it is written. */
export interface Location {
  readonly offset: number;
  readonly exact: boolean;
}

/** The written shape of a document that was read before; undefined when the text cannot be parsed. */
export function shapeOf(text: string): Node | undefined {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch {
    // The document was refused, and its own problem carries its own offset.
    return undefined;
  }
  let next = 0;
  const read = (key?: number): Node => {
    const event = events[next++];
    const where = key === undefined ? {} : { key };
    if (event?.type === EVENT_ID.MAPPING) {
      const entries = new Map<string, Node>();
      while (next < events.length && events[next]?.type !== EVENT_ID.POP) {
        const keyEvent = events[next];
        const name = keyEvent?.type === EVENT_ID.SCALAR ? getScalarValue(text, keyEvent) : '';
        const keyNode = read();
        entries.set(name, read(keyNode.at));
      }
      next++;
      return { at: event.start, scalar: false, entries, items: [], ...where };
    }
    if (event?.type === EVENT_ID.SEQUENCE) {
      const items: Node[] = [];
      while (next < events.length && events[next]?.type !== EVENT_ID.POP) items.push(read());
      next++;
      return { at: event.start, scalar: false, entries: new Map(), items, ...where };
    }
    const at = event ? beginning(event) : -1;
    return { at: at < 0 ? (key ?? 0) : at, scalar: at >= 0, entries: new Map(), items: [], ...where };
  };
  if (events[next]?.type === EVENT_ID.DOCUMENT) next++;
  return events.length > next ? read() : undefined;
}

/** Where a scalar or alias is written, its quote included; -1 when nothing is. */
function beginning(event: Event): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return -1;
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

/** Follows `path` as far as it is written; a field may be written in one of its other spellings. */
export function locate(shape: Node, path: readonly (string | number)[], kind = ''): Location {
  const aliases = Object.entries(specAliases(kind));
  let node = shape;
  for (const step of path) {
    const next =
      typeof step === 'number'
        ? node.items[step]
        : (node.entries.get(step) ??
          aliases.filter(([, name]) => name === step).flatMap(([alias]) => node.entries.get(alias) ?? [])[0]);
    if (!next) return { offset: node.key ?? node.at, exact: false };
    node = next;
  }
  return { offset: node.scalar ? node.at : (node.key ?? node.at), exact: true };
}

/** Turns offsets into 1-based lines and columns (in characters as editors count them: UTF-16 units). */
export function lineIndex(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  const breaks = /\r\n|\n|\r/g;
  for (let match = breaks.exec(text); match; match = breaks.exec(text)) starts.push(breaks.lastIndex);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
