import type { JudgedEdge as Edge } from '../verify/index.ts';
import { isOpen } from '../verify/index.ts';
import { toTable } from './io/index.ts';

const MISSING: Readonly<Record<NonNullable<Edge['missing']>, string>> = {
  outbound: 'half: the caller does not declare it',
  inbound: 'half: the callee does not declare it',
  both: 'half: neither side declares it',
  ports: 'half: no port in common',
};

/** Edges in columns, one line per agreed port or half. */
export function drawTable(edges: readonly Edge[]): string {
  return toTable(
    ['FROM', 'TO', 'PORT', 'TARGET', 'STATUS'],
    edges.map((edge) => [edge.from, target(edge), portText(edge), targetText(edge), status(edge)]),
  );
}

/** A Mermaid flowchart: agreed edges solid, halves and refused ones dotted. */
export function drawMermaid(edges: readonly Edge[]): string {
  const ids = new Map(names(edges).map((name, index) => [name, `n${index}`]));
  const lines = names(edges).map((name) => `  ${ids.get(name) ?? ''}["${name}"]`);
  for (const edge of edges) {
    const label = edge.port ? portText(edge) : (edge.missing ?? '');
    const arrow = isOpen(edge) ? '-->' : '-.->';
    lines.push(`  ${ids.get(edge.from) ?? ''} ${arrow}|"${label}"| ${ids.get(target(edge)) ?? ''}`);
  }
  return `flowchart LR\n${lines.join('\n')}\n`;
}

/** A Graphviz digraph: agreed edges solid, halves and refused ones dashed. */
export function drawDot(edges: readonly Edge[]): string {
  const lines = edges.map((edge) => {
    const label = edge.port ? portText(edge) : (edge.missing ?? '');
    const style = isOpen(edge) ? '' : ', style=dashed';
    return `  ${JSON.stringify(edge.from)} -> ${JSON.stringify(target(edge))} [label=${JSON.stringify(label)}${style}];`;
  });
  return `digraph lattice {\n  rankdir=LR;\n  node [shape=box];\n${lines.join('\n')}\n}\n`;
}

/** An edge as `-o json` gives it. */
export function edgeResult(edge: Edge): Readonly<Record<string, unknown>> {
  const { port } = edge;
  return {
    from: edge.from,
    to: edge.to,
    ...(edge.host === undefined ? {} : { host: edge.host }),
    ...(port ? { port: port.port, targetPort: onlyOne(port.targetPorts), protocol: port.protocol } : {}),
    agreed: edge.agreed,
    ...(edge.missing === undefined ? {} : { missing: edge.missing }),
    ...(edge.closed ? { barred: edge.closed.code, reason: edge.closed.message } : {}),
    ...(edge.closed?.fix === undefined ? {} : { fix: edge.closed.fix }),
    enforcedAt: edge.enforcedAt,
  };
}

function target(edge: Edge): string {
  return edge.host === undefined ? edge.to : `${edge.to} (${edge.host})`;
}

function portText({ port }: Edge): string {
  return port ? `${port.port}/${port.protocol}` : '';
}

function targetText({ port }: Edge): string {
  return port ? port.targetPorts.join(',') : '';
}

function status(edge: Edge): string {
  if (edge.missing !== undefined) return MISSING[edge.missing];
  if (edge.closed) return `refused: ${edge.closed.code}`;
  return edge.enforcedAt === 'both' ? 'agreed' : `agreed, enforced at: ${edge.enforcedAt}`;
}

function onlyOne(ports: readonly number[]): number | readonly number[] {
  const [first, ...rest] = ports;
  return first !== undefined && rest.length === 0 ? first : ports;
}

function names(edges: readonly Edge[]): string[] {
  return [...new Set(edges.flatMap((edge) => [edge.from, target(edge)]))].sort();
}
