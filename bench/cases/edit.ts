import type { LatticeService } from '../../src/api/index.ts';
import { ServiceGraph, splitKey, type UnitKey } from '../../src/graph/index.ts';
import { compileUnit, enginesFor } from '../../src/policy/index.ts';
import { RUST } from '../anchor.ts';
import { type Callees, drawGraph, openPeers, rawService, rawServices, type ShapeName } from '../fixture.ts';
import { quantile, spend } from '../measure.ts';
import { mulberry32 } from '../random.ts';
import { peakMB, type Result } from '../result.ts';
import { OPTIONS, parseService, SETTINGS } from '../setup.ts';

const PICKS = 1000;

/** Toggles one outbound dependency of a random service a thousand times: put it, and compile what that affects. */
export function editCase(shape: ShapeName): Result {
  const callees = drawGraph(shape);
  const graph = ServiceGraph.of(rawServices(callees).map(parseService), SETTINGS);
  const engines = enginesFor(OPTIONS);
  for (const unit of graph.units()) compileUnit(graph, unit, engines, OPTIONS);
  const nextEdit = openEdits(callees);
  const put: number[] = [];
  const whole: number[] = [];
  const affected: number[] = [];
  let cpu = 0;
  for (let pick = -PICKS; pick < PICKS; pick++) {
    const service = nextEdit();
    let half = 0;
    const { spent, result } = spend(() => {
      const start = performance.now();
      const ids = graph.put(service);
      half = performance.now() - start;
      for (const id of ids) compileUnit(graph, serviceUnit(id), engines, OPTIONS);
      return ids.size;
    });
    if (pick < 0) continue;
    put.push(half);
    whole.push(spent.wall);
    affected.push(result);
    cpu += spent.cpu;
  }
  const wall = quantile(whole, 0.5);
  return {
    case: 'edit',
    shape,
    rows: [
      { step: 'put and affected set, median', wall: quantile(put, 0.5) },
      {
        step: 'one edit, median',
        cpu: cpu / PICKS,
        wall,
        rust: RUST[shape].edit,
        note: `${quantile(affected, 0.5)} units at the median, ${Math.max(...affected)} at most; CPU is the mean`,
      },
      { step: 'one edit, p99', wall: quantile(whole, 0.99) },
    ],
    peakMB: peakMB(),
  };
}

/** Random services, each with one of its drawn dependencies taken out, or back in when an earlier edit took it. */
function openEdits(callees: Callees): () => LatticeService {
  const random = mulberry32(7);
  const peersOf = openPeers(callees);
  const edited = new Map<number, Map<number, string>>();
  return () => {
    for (;;) {
      const index = Math.floor(random() * callees.length);
      const drawn = callees[index] ?? [];
      const callee = drawn[Math.floor(random() * drawn.length)];
      if (callee === undefined) continue;
      const declared = edited.get(index) ?? peersOf(index);
      edited.set(index, declared);
      toggle(declared, callee);
      return parseService(rawService(index, declared));
    }
  };
}

function toggle(peers: Map<number, string>, callee: number): void {
  const direction = peers.get(callee);
  if (direction === undefined) peers.set(callee, 'outbound');
  else if (direction === 'outbound') peers.delete(callee);
  else peers.set(callee, direction === 'both' ? 'inbound' : 'both');
}

function serviceUnit(id: string): UnitKey {
  const { namespace, name } = splitKey(id.slice('service:'.length));
  return { kind: 'service', namespace, name };
}
