import { ServiceGraph } from '../../src/graph/index.ts';
import { compileAll, enginesFor } from '../../src/policy/index.ts';
import { RUST } from '../anchor.ts';
import { drawGraph, rawServices, type ShapeName } from '../fixture.ts';
import { spend } from '../measure.ts';
import { peakMB, type Result } from '../result.ts';
import { OPTIONS, parseService, SETTINGS } from '../setup.ts';

/** The graph and every object of it kept; declarations are made, put and dropped one at a time. One run, no warm-up. */
export function memoryCase(shape: ShapeName): Result {
  const callees = drawGraph(shape);
  const before = peakMB();
  const graph = new ServiceGraph(SETTINGS);
  const services = callees.length;
  const build = spend(() => {
    for (const raw of rawServices(callees)) graph.put(parseService(raw));
  });
  const built = peakMB();
  const compiled = spend(() => compileAll(graph, enginesFor(OPTIONS), OPTIONS));
  const anchor = RUST[shape].peakMB;
  const rust = anchor === undefined ? '' : `, Rust ${anchor} MB`;
  return {
    case: 'memory',
    shape,
    rows: [
      {
        step: 'parse and put, cold',
        ...build.spent,
        services,
        note: `peak ${built.toFixed(0)} MB, ${before.toFixed(0)} MB before`,
      },
      {
        step: 'compile, all kept, cold',
        ...compiled.spent,
        services,
        note: `${compiled.result.drafts.length} objects${rust}`,
      },
    ],
    peakMB: peakMB(),
  };
}
