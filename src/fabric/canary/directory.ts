import { type Client, type Clock, isKubeObject, isRecord, type Kind, type KubeObject } from '../../kube/index.ts';
import { memberOf } from '../members.ts';
import type { CanaryPod } from './plan.ts';

export interface DirectoryOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly node: string;
  /** The namespace that the canary pods of this installation are in. */
  readonly namespace: string;
}

/** Which pods are canaries, as the API server says: a pod that only says so itself could make a node look bypassed. */
export interface Directory {
  /** The canary of this node that has the address. */
  at(address: string, signal: AbortSignal): Promise<CanaryPod | undefined>;
  /** Some canary of another node; undefined when there is none. `turn` picks among several. */
  elsewhere(turn: number, signal: AbortSignal): Promise<CanaryPod | undefined>;
}

const POD: Kind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, is: isKubeObject };
const SELECTOR = 'app.kubernetes.io/component=fabric-canary';
/** Strangers that knock do not make the agent ask more often. */
const FRESH_MS = 5000;
/** Few are enough to choose from; the first page is all that is read, however many nodes there are. */
const CHOICE = 10;

export function createDirectory({ client, clock, node, namespace }: DirectoryOptions): Directory {
  let local: readonly CanaryPod[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  const firstPage = async (pageSize: number, fieldSelector: string, signal: AbortSignal) => {
    const call = { namespace, labelSelector: SELECTOR, fieldSelector, pageSize, signal };
    for await (const { items } of client.pages(POD, call)) return items.flatMap((item) => canaryOf(item) ?? []);
    return [];
  };
  return {
    async at(address, signal) {
      const wanted = memberOf(address)?.text ?? '';
      const find = (): CanaryPod | undefined => local.find(({ addresses }) => addresses.includes(wanted));
      const known = find();
      if (known ?? clock.monotonic() - readAt < FRESH_MS) return known;
      readAt = clock.monotonic();
      local = await firstPage(CHOICE, `spec.nodeName=${node}`, signal);
      return find();
    },
    async elsewhere(turn, signal) {
      const found = await firstPage(CHOICE, `spec.nodeName!=${node}`, signal);
      return found[turn % Math.max(found.length, 1)];
    },
  };
}

/** Undefined for a pod that is not placed yet, is ending, or has no address of its own. */
function canaryOf(object: KubeObject): CanaryPod | undefined {
  const { metadata } = object;
  const spec: unknown = 'spec' in object ? object.spec : undefined;
  const status: unknown = 'status' in object ? object.status : undefined;
  if (!isRecord(spec) || !isRecord(status) || 'deletionTimestamp' in metadata) return undefined;
  const node = spec['nodeName'];
  const listed: unknown = status['podIPs'];
  if (typeof node !== 'string' || spec['hostNetwork'] === true || !Array.isArray(listed)) return undefined;
  const addresses = listed.flatMap((each: unknown) => {
    const text: unknown = isRecord(each) ? each['ip'] : undefined;
    return typeof text === 'string' ? (memberOf(text)?.text ?? []) : [];
  });
  return addresses.length > 0 ? { name: metadata.name, node, addresses } : undefined;
}
