// Judges one declaration by itself, as `lattice lint` would if nothing else were declared.
import { type Finding, formatPath, issueFinding, parseObject } from '../../api/index.ts';
import { findingsOf, ServiceGraph, type Settings } from '../../graph/index.ts';
import { compileAll, type CompileOptions, enginesFor } from '../../policy/index.ts';

export interface JudgeOptions {
  readonly settings: Settings;
  readonly compile: CompileOptions;
}

/** What is wrong with a declaration; empty when it may be stored. Only errors: what is half may be answered later. */
export type Judge = (declaration: Readonly<Record<string, unknown>>, namespace: string) => readonly Finding[];

export function judgeWith({ settings, compile }: JudgeOptions): Judge {
  const engines = enginesFor(compile);
  return (declaration, namespace) => {
    const parsed = parseObject(declaration);
    if (!parsed.ok) return parsed.issues.map(issueFinding);
    if (parsed.value.kind !== 'LatticeService' && parsed.value.kind !== 'LatticeExternalService') return [];
    const graph = ServiceGraph.of([parsed.value], settings, namespace);
    const findings = [...findingsOf(graph), ...compileAll(graph, engines, compile).findings];
    const { kind } = parsed.value;
    return unique(findings.filter((finding) => finding.severity === 'error' && finding.object?.kind === kind));
  };
}

/** One finding may be seen by the graph and by a compiler. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map(findings.map((finding) => [`${finding.code} ${formatPath(finding.path ?? [])}`, finding]));
  return [...seen.values()];
}
