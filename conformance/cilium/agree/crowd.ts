// An estate of another shape: one service with more ports than a rule may have and about as many callers as an object
// may have peers, so that what is written is split, and edits move it across the border (C6).
import type { Random } from '../random.ts';
import { type Declaration, declarationKey, type ServiceDeclaration } from './declarations.ts';
import type { Estate, Setting, Workload } from './estate.ts';

const NAMESPACE = 'shop';
const CALLERS = 1100;
const PORTS = 45;

export function makeCrowd(random: Random, setting: Setting): Estate {
  const hub = makeWorkload('hub');
  const callers = Array.from({ length: CALLERS }, (_, index) => makeWorkload(`caller-${index}`));
  const declarations: Declaration[] = [
    makeHub(hub),
    ...random.subset(callers, 0.95).map((caller) => makeCaller(random, caller)),
  ];
  return {
    ...setting,
    namespaces: [],
    gateways: [],
    workloads: [hub, ...callers],
    doubled: [hub],
    intents: [],
    declarations: new Map(declarations.map((one) => [declarationKey(one), one])),
  };
}

/** The crowd after some callers came and others went. */
export function editCrowd(random: Random, estate: Estate): Estate {
  const declarations = new Map(estate.declarations);
  const changes = estate.workloads.slice(1).map((caller) => makeCaller(random, caller));
  const isHere = (one: Declaration): boolean => declarations.has(declarationKey(one));
  const [here, gone] = [changes.filter(isHere), changes.filter((one) => !isHere(one))];
  // Each way by about as much, so that the number of callers keeps crossing the border.
  if (random.chance(0.5)) for (const one of random.subset(gone, 0.6)) declarations.set(declarationKey(one), one);
  else for (const one of random.subset(here, 0.06)) declarations.delete(declarationKey(one));
  return { ...estate, declarations };
}

function makeWorkload(name: string): Workload {
  const labels = { 'app.kubernetes.io/name': name };
  return { key: `${NAMESPACE}/${name}`, namespace: NAMESPACE, name, labels, account: name, adopted: false };
}

function makeHub({ name, namespace }: Workload): ServiceDeclaration {
  const ports = Array.from({ length: PORTS }, (_, index) => [`p${index}`, { port: 8000 + index }] as const);
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace },
    spec: {
      containers: { app: { image: 'example/app:1' } },
      service: { ports: Object.fromEntries(ports) },
      resources: { anyone: { direction: 'inbound', id: '*' } },
    },
  };
}

function makeCaller(random: Random, { name, namespace }: Workload): ServiceDeclaration {
  const ports = random.chance(0.3) ? { ports: [`p${random.below(PORTS)}`, `p${random.below(PORTS)}`] } : {};
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace },
    spec: { containers: { app: { image: 'example/app:1' } }, resources: { hub: ports } },
  };
}
