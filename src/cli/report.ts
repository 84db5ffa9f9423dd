import type { Finding } from '../api/index.ts';
import { formatFindings } from './io/index.ts';
import type { GraphInput } from './load-graph.ts';
import type { Terminal } from './terminal.ts';

/** Findings of all sources with their places, each once, in the order in which they were found. */
export function gather(input: GraphInput, ...lists: readonly (readonly Finding[])[]): readonly Finding[] {
  const seen = new Set<string>();
  return [input.findings, ...lists].flat().flatMap((finding) => {
    const placed = input.placed(finding);
    const key = JSON.stringify(placed);
    if (seen.has(key)) return [];
    seen.add(key);
    return [placed];
  });
}

/** What a live cluster said of itself, which no file says: printed even by commands whose answer is no list of findings. */
export function saidLive(input: GraphInput): readonly Finding[] {
  return input.live ? input.findings : [];
}

/** Prints findings where people look for them: on stderr. */
export function printFindings(findings: readonly Finding[], terminal: Terminal): void {
  terminal.stderr(formatFindings(findings, terminal.colour.stderr));
}

/** Whether anything was refused. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(isError);
}

export function isError({ severity }: Finding): boolean {
  return severity === 'error';
}
