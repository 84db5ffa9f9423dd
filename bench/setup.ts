import { type LatticeService, parseObject } from '../src/api/index.ts';
import { exemptionsOf, type Settings } from '../src/graph/index.ts';
import type { CompileOptions } from '../src/policy/index.ts';
import type { RawService } from './fixture.ts';

const exemptions = exemptionsOf();

/** Cilium and Istio with the default exemptions, every pod in the ambient mesh. */
export const SETTINGS: Settings = { mesh: 'ambient', exemptions };

export const OPTIONS: CompileOptions = {
  engines: ['cilium', 'istio'],
  trustDomain: 'lattice.bench',
  clusterName: 'default',
  mesh: 'ambient',
  exemptions,
};

/** A service that passed validation. Throws when it does not. */
export function parseService(raw: RawService): LatticeService {
  const parsed = parseObject(raw);
  if (!parsed.ok || parsed.value.kind !== 'LatticeService')
    throw new Error(`invalid fixture: ${JSON.stringify(parsed)}`);
  return parsed.value;
}
