import { readFileSync } from 'node:fs';
import {
  type Finding,
  type LatticeConfig,
  type LatticeExternalService,
  type LatticeService,
  parseObject,
} from '../api/index.ts';
import { exemptionsOf, factOf, ServiceGraph, type Settings } from '../graph/index.ts';
import type { CompileOptions } from '../policy/index.ts';
import { type ClusterValues, type GraphChange, Provisions } from '../workload/index.ts';
import { UsageError } from './command.ts';
import { type Declared, findingOf, type OtherObject, understand } from './declared.ts';
import type { GraphFlags } from './flags.ts';
import { decode, readInput, readObjects } from './io/index.ts';
import type { EngineConfig } from './live/engine-config.ts';
import { loadCluster } from './live/load-cluster.ts';
import { progressOn } from './progress.ts';
import { hasErrors, printFindings } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Everything that a command over a graph needs. */
export interface GraphInput {
  readonly graph: ServiceGraph;
  /** What resource classes made of the resources that ask for one; the graph knows it already. */
  readonly provisions: Provisions;
  readonly declared: Declared;
  readonly cluster: ClusterValues;
  readonly options: CompileOptions;
  /** Objects of other kinds than Lattice's, as they were written. */
  readonly others: readonly OtherObject[];
  /** Present for a live cluster: what its engines enforce now, whoever wrote it, and how they are configured. */
  readonly live?: { readonly policies: readonly unknown[]; readonly engines: EngineConfig };
  /** Warnings and advice about the input itself. */
  readonly findings: readonly Finding[];
  readonly placed: (finding: Finding) => Finding;
}

/**
 * Reads PATHs, or the cluster that `--context` or `--kubeconfig` names, into a graph. When
 * the input is invalid every error is printed and the result is undefined: the command then ends with exit code 2 and an
 * empty stdout.
 */
export async function loadGraph(
  paths: readonly string[],
  flags: GraphFlags,
  terminal: Terminal,
): Promise<GraphInput | undefined> {
  const live = flags.context !== undefined || flags.kubeconfig !== undefined;
  if (paths.length === 0 && !live) throw new UsageError(NO_INPUT);
  if (paths.length > 0 && live) throw new UsageError('takes PATHs, or --context and --kubeconfig, not both');
  const config = flags.config === undefined ? undefined : readConfig(flags.config, terminal);
  if (config === false) return undefined;
  if (live) return await loadLive(flags, config, terminal);
  const progress = progressOn(terminal);
  const loaded = await readInput(paths, flags.namespace, terminal.stdin, (characters, files) => {
    progress.begin(`reading ${Math.ceil(characters / 1e6)} MB in ${files} files`, characters / 10_000);
  });
  const declared = understand(loaded);
  progress.done();
  if (hasErrors(declared.findings)) {
    printFindings(declared.findings, terminal);
    return undefined;
  }
  // The file of --config may lie among the declarations: then it is used after all.
  const findings = declared.findings.filter(({ code, file }) => code !== 'ConfigNotUsed' || file !== flags.config);
  return inputOf({ ...declared, findings }, flags, config, 'files');
}

/** The graph of what is declared, with what resource classes make of it. */
export function inputOf(
  declared: Declared,
  flags: GraphFlags,
  config: LatticeConfig | undefined,
  from: 'files' | 'live',
): GraphInput {
  const { settings, options } = optionsFor(flags, config, from);
  const cluster = clusterValues(flags, config);
  const provisions = new Provisions(cluster, flags.namespace);
  const graph = graphOf(declared, provisions, settings, flags.namespace);
  const { others, findings, placed } = declared;
  return {
    graph,
    provisions,
    declared,
    cluster,
    options,
    others,
    findings: [...findings, ...provisions.findings()],
    placed,
  };
}

const NO_INPUT =
  'needs a PATH: a file, a directory, a glob, or "-" for standard input; or --context for a live cluster';

/** A live cluster is never refused as a whole: what of it cannot be read is a finding, as for the operator. */
async function loadLive(flags: GraphFlags, config: LatticeConfig | undefined, terminal: Terminal): Promise<GraphInput> {
  const cluster = await loadCluster(flags, progressOn(terminal));
  const { declared, policies, engines } = cluster;
  return { ...inputOf(declared, cluster.flags, config, 'live'), live: { policies, engines } };
}

/**
 * Flags and configuration as the graph and the compilers want them. Of a live cluster it is known whether the Gateway
 * for egress is there; files are believed.
 */
export function optionsFor(
  flags: Omit<GraphFlags, 'namespace' | 'config'>,
  config: LatticeConfig | undefined,
  from: 'files' | 'live' = 'files',
): { readonly settings: Settings; readonly options: CompileOptions } {
  const exemptions = exemptionsOf(config);
  const mesh = flags.mesh ?? (flags.engine.includes('istio') ? 'ambient' : 'none');
  const { egressWaypoint } = flags;
  return {
    settings: {
      mesh,
      exemptions,
      live: from === 'live',
      ...(egressWaypoint ? { egressWaypoint: { ...egressWaypoint, assumed: from === 'files' } } : {}),
    },
    options: {
      engines: flags.engine,
      trustDomain: flags.trustDomain,
      clusterName: flags.clusterName,
      mesh,
      exemptions,
      ...(egressWaypoint ? { egressWaypoint: { ...egressWaypoint, account: egressWaypoint.name } } : {}),
    },
  };
}

/** Reads the file of `--config`. False when it is invalid: its errors were printed. */
export function readConfig(file: string, terminal: Terminal): LatticeConfig | false {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new UsageError(`--config ${file} cannot be read`, { cause: error });
  }
  const decoded = decode(bytes);
  if (!decoded.ok) throw new UsageError(`--config ${file} ${decoded.message}: ${decoded.fix}`);
  const { objects, findings, places } = readObjects([{ file, text: decoded.text }], '');
  const all = [...findings];
  const configs: LatticeConfig[] = [];
  for (const object of objects) {
    const parsed = parseObject(object.raw);
    if (!parsed.ok) all.push(...parsed.issues.map((issue) => findingOf(issue, object, places)));
    else if (parsed.value.kind === 'LatticeConfig') configs.push(parsed.value);
  }
  const [config] = configs;
  if (all.length === 0 && config && configs.length === 1) return config;
  if (all.length === 0)
    throw new UsageError(`--config ${file} must hold one LatticeConfig, and holds ${configs.length}`);
  printFindings(all, terminal);
  return false;
}

function graphOf(declared: Declared, provisions: Provisions, settings: Settings, namespace: string): ServiceGraph {
  const facts = declared.others.flatMap((object) => factOf(object.raw, namespace) ?? []);
  const nodes = new Map<string, LatticeService | LatticeExternalService>();
  const note = ({ put }: GraphChange): void => {
    for (const node of put)
      nodes.set(`${node.kind} ${node.metadata.namespace ?? namespace}/${node.metadata.name}`, node);
  };
  for (const each of declared.lattice) note(provisions.put(each));
  // Classes come last, so that nothing is made that another declaration takes the name of.
  for (const each of declared.classes) note(provisions.putClass(each));
  return ServiceGraph.of([...nodes.values(), ...facts], settings, namespace);
}

/** What templates and classes may know of the cluster. */
function clusterValues(flags: GraphFlags, config: LatticeConfig | undefined): ClusterValues {
  return {
    name: flags.clusterName,
    domain: exemptionsOf(config).network.clusterDomain,
    trustDomain: flags.trustDomain,
    more: config?.values?.cluster ?? {},
    env: config?.values?.env ?? {},
  };
}
