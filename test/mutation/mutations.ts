import { agreement } from './agreement.ts';
import { cilium } from './cilium.ts';
import { istio } from './istio.ts';
import type { Mutation } from './mutation.ts';
import { networkPolicy } from './network-policy.ts';
import { AGREEMENT, properties, type Suite, testsOf } from './suites.ts';

/** Mutations of one part, and who is asked about them, in this order. */
export interface Group {
  readonly about: string;
  readonly list: readonly Mutation[];
  readonly suites: readonly Suite[];
}

export const groups: readonly Group[] = [
  {
    about: 'Agreement',
    list: agreement,
    // The properties over the compilers take what is agreed from the graph: they come last here.
    suites: [AGREEMENT, testsOf('src/graph'), properties()],
  },
  {
    about: 'Cilium, and Cilium in an ambient mesh',
    list: cilium,
    suites: [properties('cilium'), testsOf('src/policy/cilium'), AGREEMENT],
  },
  { about: 'Istio', list: istio, suites: [properties('istio'), testsOf('src/policy/istio'), AGREEMENT] },
  {
    about: 'NetworkPolicy, and what the compilers share',
    list: networkPolicy,
    suites: [properties(), testsOf('src/policy'), AGREEMENT],
  },
];
