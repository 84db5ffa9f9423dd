import { agreement } from './agreement.ts';
import { cilium } from './cilium.ts';
import { istio } from './istio.ts';
import type { Mutation } from './mutation.ts';
import { networkPolicy } from './network-policy.ts';
import { AGREEMENT, PROPERTIES, type Suite, testsOf } from './suites.ts';

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
    suites: [AGREEMENT, testsOf('src/graph'), PROPERTIES],
  },
  {
    about: 'Cilium, and Cilium in an ambient mesh',
    list: cilium,
    suites: [PROPERTIES, testsOf('src/policy/cilium')],
  },
  { about: 'Istio', list: istio, suites: [PROPERTIES, testsOf('src/policy/istio')] },
  {
    about: 'NetworkPolicy, and what the compilers share',
    list: networkPolicy,
    suites: [PROPERTIES, testsOf('src/policy')],
  },
];
