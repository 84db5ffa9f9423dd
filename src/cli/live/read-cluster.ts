import type { Finding } from '../../api/index.ts';
import { type Client, discover, type Kind, type KubeObject, means } from '../../kube/index.ts';
import type { Progress } from '../progress.ts';
import { READ_KINDS, type ReadKind, resourceOf, servedAs, titleOfKind } from './kinds.ts';

/** What was read of a cluster, kind by kind. */
export interface ClusterContent {
  readonly declarations: readonly KubeObject[];
  readonly facts: readonly KubeObject[];
  /** Everything that an engine enforces, whoever wrote it. */
  readonly policies: readonly KubeObject[];
  /** Kinds that the server does not have, and what may not be read. */
  readonly findings: readonly Finding[];
}

/** Reads all objects of the kinds that count, in all namespaces, page by page. Throws KubeError when the server cannot be asked. */
export async function readCluster(client: Client, signal: AbortSignal, progress: Progress): Promise<ClusterContent> {
  progress.begin("asking for the server's kinds", LONG);
  const served = await discover(client, { signal });
  const content = {
    declaration: new Array<KubeObject>(),
    fact: new Array<KubeObject>(),
    policy: new Array<KubeObject>(),
    unmodelled: new Array<KubeObject>(),
  };
  const findings: Finding[] = notServed(READ_KINDS.filter((wanted) => !servedAs(wanted, served)));
  for (const wanted of READ_KINDS) {
    const kind = servedAs(wanted, served);
    if (!kind) continue;
    progress.begin(`reading ${kind.plural}`, LONG);
    try {
      content[wanted.as].push(...(await listAll(client, kind, signal)));
    } catch (error) {
      if (!means(error, 'forbidden')) throw error;
      findings.push(forbidden(kind, error.message));
    }
  }
  progress.done();
  findings.push(...content.unmodelled.map(unmodelled));
  return { declarations: content.declaration, facts: content.fact, policies: content.policy, findings };
}

/** A request to a server is worth a progress line. */
const LONG = Number.POSITIVE_INFINITY;

/** A long list may outlive the snapshot that its pages come from; it is then read again from the start. */
async function listAll(client: Client, kind: Kind, signal: AbortSignal): Promise<readonly KubeObject[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await client.list(kind, { signal });
    } catch (error) {
      if (tries >= 3 || !means(error, 'expired')) throw error;
    }
  }
}

function notServed(missing: readonly ReadKind[]): Finding[] {
  const titles = (as: readonly ReadKind['as'][]): string =>
    missing
      .filter((wanted) => as.includes(wanted.as))
      .map(titleOfKind)
      .join(', ');
  const declared = titles(['declaration']);
  const others = titles(['fact', 'policy']);
  const fix = 'lattice crds | kubectl apply --server-side -f -';
  return [
    ...(declared === ''
      ? []
      : [
          {
            code: 'KindNotServed',
            severity: 'warning' as const,
            message: `the server has no ${declared}: nothing is declared there`,
            fix,
          },
        ]),
    ...(others === ''
      ? []
      : [
          {
            code: 'KindNotServed',
            severity: 'info' as const,
            message: `the server has no ${others}, so there are none`,
          },
        ]),
  ];
}

function forbidden(kind: Kind, message: string): Finding {
  return {
    code: 'ReadForbidden',
    severity: 'error',
    message: `${resourceOf(kind)} may not be read, so whatever depends on them is unknown (${message})`,
    fix: `allow it: kubectl create clusterrole lattice-reader --verb=get,list --resource=${resourceOf(kind)}`,
  };
}

function unmodelled({ kind, metadata: { namespace = '', name } }: KubeObject): Finding {
  return {
    code: 'ForeignPolicyUndecided',
    severity: 'warning',
    message: 'no evaluator knows this kind, so what it changes is not judged',
    object: { kind, namespace, name },
    fix: 'judge it by hand',
  };
}
