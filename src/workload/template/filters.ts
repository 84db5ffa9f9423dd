import { closest } from '../../api/index.ts';
import type { FilterCall } from './parse.ts';

/** What a filter makes of a text, or why it cannot. */
export type Filtered =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string };

type TextFilter = (text: string) => Filtered;

/** Filters that need the text itself, so that no secret passes through them. `default` and `required` are not here: they look at what is missing. */
const TEXT_FILTERS: Readonly<Record<string, TextFilter>> = {
  base64_decode: (text) => {
    const bytes = Buffer.from(text, 'base64');
    const whole = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
    const decoded = bytes.toString('utf8');
    return whole && Buffer.from(decoded, 'utf8').equals(bytes) ? done(decoded) : wrong('is not base64 of a text');
  },
  base64_encode: (text) => done(Buffer.from(text, 'utf8').toString('base64')),
  json: (text) => done(JSON.stringify(text)),
  lower: (text) => done(text.toLowerCase()),
  trim: (text) => done(text.trim()),
  upper: (text) => done(text.toUpperCase()),
  urlencode: (text) => (text.isWellFormed() ? done(encodeURIComponent(text)) : wrong('is not a well-formed text')),
};

/** Several filters in a row can double a text each time. */
const MAX_LENGTH = 1 << 20;

/** Passes a text through one of {@link TEXT_FILTERS}. */
export function applyFilter(name: string, text: string): Filtered {
  const filter = Object.hasOwn(TEXT_FILTERS, name) ? TEXT_FILTERS[name] : undefined;
  if (!filter) return wrong('has no such filter');
  const filtered = filter(text);
  return filtered.kind === 'text' && filtered.text.length > MAX_LENGTH ? wrong('becomes longer than 1 MiB') : filtered;
}

const ARGUMENTS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  default: [1, 1],
  required: [0, 1],
};

const NAMES: readonly string[] = ['default', 'required', ...Object.keys(TEXT_FILTERS)].sort();

/** Why this call of a filter is wrong before anything is known of its input; undefined when it is right. */
export function checkFilter({ name, args }: FilterCall): string | undefined {
  if (!NAMES.includes(name)) {
    const near = closest(name, NAMES);
    return `there is no filter "${name}"${near === undefined ? '' : `: did you mean ${near}?`}; there are ${NAMES.join(', ')}`;
  }
  const [least, most] = ARGUMENTS[name] ?? [0, 0];
  if (args.length >= least && args.length <= most) return undefined;
  const wanted = least === most ? String(least) : `${least} to ${most}`;
  return `the filter ${name} takes ${wanted} arguments, not ${args.length}`;
}

function done(text: string): Filtered {
  return { kind: 'text', text };
}

function wrong(message: string): Filtered {
  return { kind: 'wrong', message };
}
