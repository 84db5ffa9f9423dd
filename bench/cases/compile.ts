import type { LatticeService } from '../../src/api/index.ts';
import { ServiceGraph } from '../../src/graph/index.ts';
import { compileAll, compileUnit, enginesFor } from '../../src/policy/index.ts';
import { RUST } from '../anchor.ts';
import { drawGraph, type RawService, rawService, rawServices, SHAPES, type ShapeName } from '../fixture.ts';
import { medianSpent, spend, type Spent } from '../measure.ts';
import { peakMB, type Result, type Row } from '../result.ts';
import { OPTIONS, parseService, SETTINGS } from '../setup.ts';

const STEPS = ['parse', 'build', 'puts', 'kept', 'dropped', 'json', 'whole'] as const;
type Times = Readonly<Record<(typeof STEPS)[number], Spent>>;

/** Parse, build and compile everything: 31 times at 1.5k, 5 times at 50k, or `wanted` times, after one that does not count. */
export function compileCase(shape: ShapeName, wanted: number | undefined): Result {
  const raws = rawsAfterOne(shape);
  const times: Times[] = [];
  let bytes = 0;
  const runs = wanted ?? (SHAPES[shape].services > 10_000 ? 5 : 31);
  for (let run = 0; run <= runs; run++) {
    const once = runOnce(raws);
    bytes = once.bytes;
    if (run > 0) times.push(once.times);
  }
  const median = (step: keyof Times) => medianSpent(times.map((each) => each[step]));
  const services = raws.length;
  const rust = RUST[shape];
  const rows: readonly Row[] = [
    { step: 'parse (validate)', ...median('parse'), services, rust: rust.parse },
    { step: 'build at once', ...median('build'), services, rust: rust.build },
    { step: 'build by puts', ...median('puts'), services, rust: rust.build },
    { step: 'compile, all kept', ...median('kept'), services, bytes, rust: rust.compileKept },
    { step: 'compile, each dropped', ...median('dropped'), services, bytes, rust: rust.compileDropped },
    { step: 'compile to JSON', ...median('json'), services, bytes, rust: rust.compileToJson },
    {
      step: 'build + compile + JSON',
      ...median('whole'),
      services,
      bytes,
      rust: rust.build + rust.compileToJson,
      note: `${(bytes / rust.jsonBytes).toFixed(2)} times its bytes`,
    },
  ];
  return { case: 'compile', shape, rows, peakMB: peakMB() };
}

function runOnce(raws: readonly RawService[]): { readonly times: Times; readonly bytes: number } {
  const parse = spend(() => raws.map(parseService));
  const build = spend(() => ServiceGraph.of(parse.result, SETTINGS));
  const puts = spend(() => putAll(parse.result));
  const whole = spend(() => compileEach(ServiceGraph.of(parse.result, SETTINGS), jsonBytes));
  const kept = spend(() => compileAll(build.result, enginesFor(OPTIONS), OPTIONS).drafts.length);
  const dropped = spend(() => compileEach(build.result, (drafts) => drafts.length));
  const json = spend(() => compileEach(build.result, jsonBytes));
  return {
    times: {
      parse: parse.spent,
      build: build.spent,
      puts: puts.spent,
      kept: kept.spent,
      dropped: dropped.spent,
      json: json.spent,
      whole: whole.spent,
    },
    bytes: json.result,
  };
}

/** The graph is dropped, so that the steps behind this one do not carry it along. */
function putAll(services: readonly LatticeService[]): void {
  const graph = new ServiceGraph(SETTINGS);
  for (const service of services) graph.put(service);
}

/**
 * All services, made after a first one was read. V8 hands out shapes from `{}` by first field, 1,536 of them: a process that
 * reads files has met the fields of a service before it has met that many names of peers, and so must this one.
 */
function rawsAfterOne(shape: ShapeName): readonly RawService[] {
  parseService(rawService(0, new Map([[1, 'outbound']])));
  return [...rawServices(drawGraph(shape))];
}

type Drafts = ReturnType<typeof compileUnit>['drafts'];

/** Unit after unit, with engines that have seen nothing yet; each result is dropped. */
function compileEach(graph: ServiceGraph, size: (drafts: Drafts) => number): number {
  const engines = enginesFor(OPTIONS);
  let total = 0;
  for (const unit of graph.units()) total += size(compileUnit(graph, unit, engines, OPTIONS).drafts);
  return total;
}

function jsonBytes(drafts: Drafts): number {
  let bytes = 0;
  for (const { object } of drafts) bytes += JSON.stringify(object).length;
  return bytes;
}
