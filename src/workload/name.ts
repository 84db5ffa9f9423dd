import { createHash } from 'node:crypto';

/** `text` as a DNS label of at most `longest` characters: itself where it is one, else readable with 64 bits of its hash. */
export function labelOf(text: string, longest = 63): string {
  if (text.length <= longest && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)) return text;
  const hash = hashOf(text);
  const readable = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longest - hash.length - 1)
    .replace(/^-+|-+$/g, '');
  return readable === '' ? `x-${hash}` : `${readable}-${hash}`;
}

/** The annotation of a claim, or of a class's object, that goes with its service; without it the data stays. */
export const DELETE_DATA = 'lattice.dev/on-delete';

/** 64 bits of SHA-256, as 16 hexadecimal digits. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value)
    .filter(([, field]: [string, unknown]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}
