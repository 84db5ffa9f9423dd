import {
  type Finding,
  type Issue,
  issueFinding,
  type LatticeExternalService,
  type LatticeResourceClass,
  type LatticeService,
  parseObject,
} from '../../api/index.ts';
import { type Client, createClient, KubeError, type KubeObject } from '../../kube/index.ts';
import { UsageError } from '../command.ts';
import type { Declared, OtherObject } from '../declared.ts';
import { DEFAULT_CLUSTER_NAME, DEFAULT_TRUST_DOMAIN, type GraphFlags } from '../flags.ts';
import type { Progress } from '../progress.ts';
import { accessFor } from './access.ts';
import { type EngineConfig, readEngineConfig } from './engine-config.ts';
import { readCluster } from './read-cluster.ts';

/** A cluster as commands over a graph need it. */
export interface LoadedCluster {
  readonly declared: Declared;
  readonly policies: readonly KubeObject[];
  readonly engines: EngineConfig;
  /** The flags with what the cluster says of itself. */
  readonly flags: GraphFlags;
}

/** Reads the cluster that `--context` or `--kubeconfig` names. Nothing is written. Throws UsageError when it cannot be reached. */
export async function loadCluster(flags: GraphFlags, progress: Progress): Promise<LoadedCluster> {
  // Somebody waits: a server that does not answer is said after a few tries.
  const client = createClient(await accessFor(flags), { maxAttempts: 3 });
  try {
    return await load(client, flags, progress);
  } catch (error) {
    if (error instanceof KubeError)
      throw new UsageError(`the cluster cannot be read: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await client.close();
  }
}

async function load(client: Client, flags: GraphFlags, progress: Progress): Promise<LoadedCluster> {
  const { signal } = new AbortController();
  const content = await readCluster(client, signal, progress);
  const engines = await readEngineConfig(client, flags.engine, signal);
  const told = tellFlags(flags, engines);
  const understood = understandStored(content.declarations);
  const declared: Declared = {
    ...understood,
    peerings: [],
    others: [...content.facts, ...content.policies].map(otherOf),
    findings: [...content.findings, ...engines.findings, ...told.findings, ...understood.findings],
    placed: (finding) => finding,
  };
  return { declared, policies: content.policies, engines, flags: told.flags };
}

/** A declaration that is stored and cannot be read is a finding; it keeps nothing else from being read. */
function understandStored(objects: readonly KubeObject[]): Pick<Declared, 'lattice' | 'classes' | 'findings'> {
  const lattice: (LatticeService | LatticeExternalService)[] = [];
  const classes: LatticeResourceClass[] = [];
  const findings: Finding[] = [];
  for (const object of objects) {
    const parsed = parseObject(declarationOf(object));
    if (!parsed.ok) findings.push(...parsed.issues.map((issue) => refusedDeclaration(object, issue)));
    else if (parsed.value.kind === 'LatticeResourceClass') classes.push(parsed.value);
    else if (parsed.value.kind === 'LatticeService' || parsed.value.kind === 'LatticeExternalService')
      lattice.push(parsed.value);
  }
  return { lattice, classes, findings };
}

function otherOf(object: KubeObject): OtherObject {
  const { apiVersion, kind, metadata } = object;
  return { raw: { ...object }, apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

/** What the author wrote, without what the server keeps beside it. */
function declarationOf({ apiVersion, kind, metadata, ...rest }: KubeObject): Readonly<Record<string, unknown>> {
  const { name, namespace, labels, annotations } = metadata;
  const spec: unknown = Reflect.get(rest, 'spec');
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

function refusedDeclaration({ kind, metadata: { namespace = '', name } }: KubeObject, issue: Issue): Finding {
  return { ...issueFinding(issue), object: { kind, namespace, name } };
}

/** The cluster knows its name and its trust domain better than a flag's default; a flag that says otherwise is an error. */
function tellFlags(
  flags: GraphFlags,
  { clusterName = flags.clusterName, trustDomain = flags.trustDomain }: EngineConfig,
): { readonly flags: GraphFlags; readonly findings: readonly Finding[] } {
  const differ = (flag: string, given: string, fallback: string, real: string): readonly Finding[] =>
    given === real || given === fallback
      ? []
      : [
          {
            code: 'FlagDiffers',
            severity: 'error',
            message: `${flag} says "${given}", and the cluster says "${real}": policies for one do not work in the other`,
            fix: `leave ${flag} out, or write "${real}"`,
          },
        ];
  return {
    flags: { ...flags, clusterName, trustDomain },
    findings: [
      ...differ('--cluster-name', flags.clusterName, DEFAULT_CLUSTER_NAME, clusterName),
      ...differ('--trust-domain', flags.trustDomain, DEFAULT_TRUST_DOMAIN, trustDomain),
    ],
  };
}
