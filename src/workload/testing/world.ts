// A small world for tests: declarations in, rendered services out, as the command line does it.
import { isLattice, type LatticeExternalService, type LatticeService, parseObject } from '../../api/index.ts';
import { exemptionsOf, ServiceGraph } from '../../graph/index.ts';
import { aroundGraph } from '../around-graph.ts';
import { type GraphChange, Provisions } from '../class/provisions.ts';
import type { WorkloadObject } from '../render/draft.ts';
import { type Rendered, renderService } from '../render/render.ts';
import type { ClusterValues } from '../surroundings.ts';

export const CLUSTER: ClusterValues = {
  name: 'east',
  domain: 'cluster.local',
  trustDomain: 'cluster.local',
  more: { region: 'eu-1' },
  env: { STAGE: 'test' },
};

type Raw = Readonly<Record<string, unknown>>;

/** A LatticeService `default/name` of one container, or with the spec given. */
export function service(name: string, spec: Raw = {}): Raw {
  const containers = { app: { image: `registry/${name}:1` } };
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name },
    spec: { containers, ...spec },
  };
}

export function external(name: string, spec: Raw): Raw {
  return { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeExternalService', metadata: { name }, spec };
}

export function resourceClass(name: string, spec: Raw): Raw {
  return { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeResourceClass', metadata: { name }, spec };
}

export interface World {
  readonly graph: ServiceGraph;
  readonly provisions: Provisions;
  readonly render: (name: string) => Rendered;
  /** Every generated and declared service that deploys, rendered, by key. */
  readonly all: () => ReadonlyMap<string, Rendered>;
}

/** Reads declarations of the namespace `default`; throws when one is invalid. */
export function worldOf(raws: readonly Raw[], config: Readonly<Record<string, string>> = {}): World {
  const provisions = new Provisions(CLUSTER);
  const graph = new ServiceGraph({ mesh: 'none', exemptions: exemptionsOf(undefined) });
  const services = new Map<string, LatticeService>();
  const externals = new Map<string, LatticeExternalService>();
  const tell = ({ put, gone }: GraphChange): void => {
    for (const each of gone) graph.delete(each);
    for (const each of put) graph.put(each);
  };
  for (const raw of raws) {
    const parsed = isLattice(raw) ? parseObject(raw) : undefined;
    if (!parsed?.ok) throw new Error(JSON.stringify(parsed?.issues));
    const { value } = parsed;
    if (value.kind === 'LatticeResourceClass') tell(provisions.putClass(value));
    else if (value.kind === 'LatticeService' || value.kind === 'LatticeExternalService') tell(provisions.put(value));
    if (value.kind === 'LatticeService') services.set(`default/${value.metadata.name}`, value);
    if (value.kind === 'LatticeExternalService') externals.set(`default/${value.metadata.name}`, value);
  }
  const around = aroundGraph({
    graph,
    provisions,
    cluster: CLUSTER,
    external: (key) => externals.get(key),
    config: () => config,
  });
  const render = (name: string): Rendered => {
    const key = `default/${name}`;
    const made = provisions.instance(key);
    const node = made?.node?.kind === 'LatticeService' ? made.node : services.get(key);
    if (!node) throw new Error(`no service ${name}`);
    return renderService(node, 'default', around, made?.secret?.name);
  };
  const names = (): string[] => [
    ...[...services.keys()].map((key) => key.slice('default/'.length)),
    ...provisions
      .instances()
      .flatMap(({ node, key }) => (node?.kind === 'LatticeService' ? [key.slice('default/'.length)] : [])),
  ];
  return {
    graph,
    provisions,
    render,
    all: () =>
      new Map(
        names()
          .sort()
          .map((name) => [name, render(name)]),
      ),
  };
}

/** The objects of a service that must be rendered. */
export function objectsOf(rendered: Rendered): readonly WorkloadObject[] {
  if (rendered.kind !== 'rendered') {
    throw new Error(rendered.kind === 'adopts' ? 'adopts' : rendered.findings.map(({ message }) => message).join('\n'));
  }
  return rendered.objects;
}

/** The codes of what a rendering reports, `error` ones alone by default. */
export function codesOf(rendered: Rendered, severity = 'error'): readonly string[] {
  if (rendered.kind === 'adopts') return [];
  return rendered.findings.filter((finding) => finding.severity === severity).map(({ code }) => code);
}
