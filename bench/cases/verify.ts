import { ServiceGraph } from '../../src/graph/index.ts';
import { compileAll, enginesFor } from '../../src/policy/index.ts';
import { prove } from '../../src/verify/index.ts';
import { drawGraph, rawServices, type ShapeName } from '../fixture.ts';
import { medianSpent, spend, type Spent } from '../measure.ts';
import { peakMB, type Result } from '../result.ts';
import { OPTIONS, parseService, SETTINGS } from '../setup.ts';

const RUNS = 5;

/** Proves what was compiled against the declarations: all pairs, declared or not. Throws when that does not hold. */
export function verifyCase(shape: ShapeName): Result {
  const graph = ServiceGraph.of(rawServices(drawGraph(shape)).map(parseService), SETTINGS);
  const objects = compileAll(graph, enginesFor(OPTIONS), OPTIONS).drafts.map(({ object }) => object);
  const { engines, clusterName, trustDomain, exemptions } = OPTIONS;
  const all: Spent[] = [];
  let asked = 0;
  for (let run = 0; run <= RUNS; run++) {
    const { spent, result } = spend(() => prove({ graph, objects, engines, clusterName, trustDomain, exemptions }));
    if (result.counterexamples.length > 0)
      throw new Error(`not proved: ${result.counterexamples.length} counterexamples`);
    asked = result.asked;
    if (run > 0) all.push(spent);
  }
  const row = { step: 'verify all pairs', ...medianSpent(all), services: graph.state.services.size };
  return { case: 'verify', shape, rows: [{ ...row, note: `${asked} questions` }], peakMB: peakMB() };
}
