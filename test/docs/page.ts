// What the documentation's pages consist of, as far as the tests read them.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Every page that this folder answers for, relative to the root. `docs/reference` is generated and tested where it is made. */
export const pages: readonly string[] = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('docs/**/*.md', { cwd: root })
    .filter((file) => !file.startsWith('docs/reference/'))
    .sort(),
  ...globSync('examples/peering/**/*.md', { cwd: root }).sort(),
];

/** One fenced block. */
export interface Block {
  readonly language: string;
  /** Without the fences, with a newline at the end of each line. */
  readonly text: string;
  /** Line of the opening fence, 1-based. */
  readonly line: number;
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (open) {
      blocks.push({ language: open.language, line: open.line, text: open.lines.map((each) => `${each}\n`).join('') });
      open = undefined;
    } else open = { language: (fence[1] ?? '').trim(), line: index + 1, lines: [] };
  }
  return blocks;
}

/** One command of a console block, and what the page says that it prints. */
export interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

/** Reads `$ command` lines with their output below them; a command goes on after a `\` at the end of its line. */
export function stepsOf(text: string): Step[] {
  const steps: { command: string; readonly expected: string[] }[] = [];
  let continued = false;
  for (const line of text.trimEnd().split('\n')) {
    const last = steps.at(-1);
    if (last && continued) last.command += `\n${line}`;
    else if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
    else if (last) last.expected.push(line.trimEnd());
    else throw new Error(`a console block begins with a command, not with "${line}"`);
    continued = line.endsWith('\\') && (continued || line.startsWith('$ '));
  }
  return steps;
}

/** Whether the output is what the page shows; a line `...` stands for any lines, `...` inside a line for any text. */
export function isAsShown(expected: readonly string[], actual: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first !== '...') return isLineAsShown(first, actual[0]) && isAsShown(rest, actual.slice(1));
  if (rest.length === 0) return true;
  return actual.some((_, start) => isAsShown(rest, actual.slice(start)));
}

/** Columns are as wide as their widest entry, shown or not, so their spaces count as one gap. */
function isLineAsShown(expected: string, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  const [shown, real] = [expected, actual].map((line) => line.replace(/ {3,}/g, '   '));
  if (shown === undefined || real === undefined || !shown.includes('...')) return shown === real;
  const parts = shown.split('...').map((part) => part.replace(/[$()*+./?[\\\]^{|}-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(real);
}
