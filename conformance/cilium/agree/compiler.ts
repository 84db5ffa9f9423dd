// Our compiler, asked in either of its two ways: as a library that recompiles what a change affects, or as the command.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseObject } from '../../../src/api/index.ts';
import {
  exemptionsOf,
  type Fact,
  factId,
  factOf,
  type Input,
  ServiceGraph,
  type UnitKey,
  unitId,
} from '../../../src/graph/index.ts';
import { type CompileOptions, compileUnit, type Draft, type Engine, enginesFor } from '../../../src/policy/index.ts';
import { isRecord, type PolicyObject } from '../scenario.ts';
import { type Declaration, declarationKey, type Manifest } from './declarations.ts';
import { EGRESS_GATEWAY, type Estate, egressGateway, inputsOf } from './estate.ts';
import { CLUSTER } from './parties.ts';

/** Gives the objects for the estate after an edit; `before` is undefined at first. */
export type Compiler = (before: Estate | undefined, after: Estate) => Promise<readonly PolicyObject[]>;

/** A compiler for one estate. The library keeps its graph from edit to edit; the command starts afresh. */
export async function openCompiler(through: 'library' | 'cli', estate: Estate): Promise<Compiler> {
  return through === 'library' ? library(estate) : async (_before, after) => compileByCommand(after);
}

function library(estate: Estate): Compiler {
  const { engine, mesh } = estate;
  const exemptions = exemptionsOf();
  const egress = egressGateway(estate) && EGRESS_GATEWAY;
  const options: CompileOptions = {
    engines: [engine],
    trustDomain: 'cluster.local',
    clusterName: CLUSTER,
    mesh,
    ...(egress && { egressWaypoint: { ...egress, account: egress.name } }),
    exemptions,
  };
  const engines = enginesFor(options);
  const graph = new ServiceGraph({ mesh, exemptions, ...(egress && { egressWaypoint: { ...egress, assumed: true } }) });
  const drafts = new Map<string, readonly Draft[]>();
  return async (before, after) => {
    const affected = applyChanges(graph, before ? inputsOf(before) : [], inputsOf(after));
    recompile(graph, affected, drafts, engines, options);
    return [...drafts.values()].flatMap((some) => some.map(({ object }) => asPolicy(object)));
  };
}

/** Puts what is new or changed, deletes what is gone; the union of what the graph says must be compiled again. */
function applyChanges(
  graph: ServiceGraph,
  before: readonly Declaration[],
  after: readonly Declaration[],
): ReadonlySet<string> {
  const known = new Map(before.map((one) => [declarationKey(one), one] as const));
  const affected = new Set<string>();
  const collect = (units: ReadonlySet<string>): void => {
    for (const unit of units) affected.add(unit);
  };
  for (const one of after) {
    const old = known.get(declarationKey(one));
    known.delete(declarationKey(one));
    if (old !== one) collect(graph.put(readInput(one)));
  }
  for (const gone of known.values()) {
    collect(
      gone.kind === 'LatticeService' || gone.kind === 'LatticeExternalService'
        ? graph.delete({ kind: gone.kind, key: `${gone.metadata.namespace}/${gone.metadata.name}` })
        : graph.delete({ kind: 'fact', id: factId(readFact(gone)) }),
    );
  }
  return affected;
}

function recompile(
  graph: ServiceGraph,
  affected: ReadonlySet<string>,
  drafts: Map<string, readonly Draft[]>,
  engines: readonly Engine[],
  options: CompileOptions,
): void {
  const units = new Map(graph.units().map((unit): [string, UnitKey] => [unitId(unit), unit]));
  for (const id of affected) {
    const unit = units.get(id);
    if (unit) drafts.set(id, compileUnit(graph, unit, engines, options).drafts);
    else drafts.delete(id);
  }
}

function readInput(declaration: Declaration): Input {
  if (declaration.kind !== 'LatticeService' && declaration.kind !== 'LatticeExternalService')
    return readFact(declaration);
  const parsed = parseObject({ ...declaration });
  if (!parsed.ok) {
    throw new Error(
      `a generated declaration is refused: ${JSON.stringify(parsed.issues)} in ${JSON.stringify(declaration)}`,
    );
  }
  const { value } = parsed;
  if (value.kind === 'LatticeService' || value.kind === 'LatticeExternalService') return value;
  throw new Error('not a declaration');
}

function readFact(declaration: Manifest): Fact {
  const fact = factOf(declaration, 'default');
  if (!fact) throw new Error(`a manifest that tells nothing: ${JSON.stringify(declaration)}`);
  return fact;
}

const LAUNCHER = join(import.meta.dirname, '../../../bin/lattice.js');

function compileByCommand(estate: Estate): readonly PolicyObject[] {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-agree-'));
  try {
    const file = join(folder, 'estate.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: inputsOf(estate) }));
    const { namespace, name } = EGRESS_GATEWAY;
    const egress = egressGateway(estate) ? ['--egress-waypoint', `${namespace}/${name}`] : [];
    const flags = [
      '--engine',
      estate.engine,
      '--mesh',
      estate.mesh,
      '--cluster-name',
      CLUSTER,
      '-o',
      'json',
      ...egress,
    ];
    const run = spawnSync(process.execPath, [LAUNCHER, 'compile', file, ...flags], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    // 1: something was refused and closed, which the verdicts will show; 2: the input itself was refused.
    if (run.status !== 0 && run.status !== 1) throw new Error(`lattice compile: exit ${run.status}\n${run.stderr}`);
    const list: unknown = JSON.parse(run.stdout);
    const items: readonly unknown[] = isRecord(list) && Array.isArray(list['items']) ? list['items'] : [];
    return items.map(asPolicy);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function asPolicy(object: unknown): PolicyObject {
  if (!isRecord(object)) throw new Error(`not an object: ${JSON.stringify(object)}`);
  return object;
}
