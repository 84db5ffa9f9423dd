// Paths as Envoy normalizes them before any rule looks, by `meshConfig.pathNormalization`.
import type { PathNormalization } from '../mesh.ts';

/** The normalized path with its query; undefined when Envoy refuses the request. */
export function normalizePath(raw: string, mode: PathNormalization): string | undefined {
  if (mode === 'NONE') return raw;
  const start = raw.search(/[?#]/);
  const query = start === -1 ? '' : raw.slice(start);
  const sent = start === -1 ? raw : raw.slice(0, start);
  const unescaped = mode === 'DECODE_AND_MERGE_SLASHES' ? unescapeSlashes(sent) : sent;
  const path = canonicalize(unescaped);
  if (path === undefined) return undefined;
  return `${mode === 'BASE' ? path : path.replace(/\/{2,}/g, '/')}${query}`;
}

export function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

function unescapeSlashes(path: string): string {
  return path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
}

/** Resolves dot segments, escaped ones too, turns backslashes, unescapes unreserved characters, escapes unsafe ones. */
function canonicalize(path: string): string | undefined {
  // A lone surrogate has no UTF-8 form, and a NUL is never passed on.
  if (!path.isWellFormed() || path.includes('\0') || path.includes('%00')) return undefined;
  const parts = path.replaceAll('\\', '/').split('/');
  // A path that does not start with a slash gets one.
  const segments = parts[0] === '' ? parts.slice(1) : parts;
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    const plain = segment.replace(/%2e/gi, '.');
    if (plain === '.' || plain === '..') {
      if (plain === '..') kept.pop();
      // What ended in a dot segment still ends in a slash.
      if (last) kept.push('');
    } else {
      kept.push(segment.replace(/%[0-9a-f]{2}|[^]/giu, canonicalCharacter));
    }
  }
  return `/${kept.join('/')}`;
}

function canonicalCharacter(text: string): string {
  if (text.length === 3 && text.startsWith('%')) {
    const character = String.fromCharCode(Number.parseInt(text.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : text;
  }
  const code = text.codePointAt(0) ?? 0;
  return code <= 0x20 || code >= 0x7f || '"#<>?^`{|}'.includes(text) ? escape(text) : text;
}

function escape(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
