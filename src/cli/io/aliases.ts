import { EVENT_ID, type Event } from 'js-yaml';

/** How many nodes aliases may add to one document: far above any honest manifest, far below what hurts. */
const MAX_ALIASED_NODES = 100_000;

export interface AliasProblem {
  readonly code: 'AliasTooLarge' | 'AliasOfItself';
  readonly offset: number;
  readonly message: string;
  readonly fix: string;
}

/** Judges aliases before anything is built from them: a bomb multiplies, a cycle never ends. */
export function checkAliases(events: readonly Event[], text: string): AliasProblem | undefined {
  if (!events.some((event) => event.type === EVENT_ID.ALIAS)) return undefined;
  const sizes = new Map<string, number>();
  const open: { readonly anchor: string | undefined; size: number }[] = [];
  let added = 0;
  const count = (nodes: number): void => {
    const top = open.at(-1);
    if (top) top.size += nodes;
  };
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        open.push({ anchor: undefined, size: 0 });
        break;
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        const anchor = anchorOf(event, text);
        if (anchor !== undefined) sizes.delete(anchor);
        open.push({ anchor, size: 1 });
        break;
      }
      case EVENT_ID.SCALAR: {
        const anchor = anchorOf(event, text);
        if (anchor !== undefined) sizes.set(anchor, 1);
        count(1);
        break;
      }
      case EVENT_ID.ALIAS: {
        const name = text.slice(event.anchorStart, event.anchorEnd);
        if (open.some(({ anchor }) => anchor === name)) {
          return {
            code: 'AliasOfItself',
            offset: event.anchorStart,
            message: `the alias *${name} is inside of what it stands for`,
            fix: 'write the value out',
          };
        }
        const size = sizes.get(name) ?? 1;
        added += size;
        if (added > MAX_ALIASED_NODES) {
          return {
            code: 'AliasTooLarge',
            offset: event.anchorStart,
            message: `aliases expand this document by more than ${MAX_ALIASED_NODES} values`,
            fix: 'write the values out, or use fewer aliases',
          };
        }
        count(size);
        break;
      }
      case EVENT_ID.POP: {
        const closed = open.pop();
        if (closed) {
          if (closed.anchor !== undefined) sizes.set(closed.anchor, closed.size);
          count(closed.size);
        }
        break;
      }
    }
  }
  return undefined;
}

function anchorOf(event: { readonly anchorStart: number; readonly anchorEnd: number }, text: string) {
  return event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
}
