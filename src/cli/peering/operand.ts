import { formatAddress, parseCidr } from '../../api/index.ts';
import { readFact } from '../../peering/index.ts';
import { UsageError } from '../command.ts';
import type { OtherObject } from '../declared.ts';

/** One end of a connection: what the user called it, and its addresses. */
export interface End {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Reads `10.0.0.1`, `pod:NS/NAME` or `NS/NAME`. Throws UsageError for what is none of the input. */
export function readEnd(flag: string, text: string, objects: readonly OtherObject[]): End {
  const cidr = parseCidr(text);
  if (cidr && !text.includes('/')) return { name: text, addresses: [formatAddress(cidr.family, cidr.first)] };
  const [, namespace, name] = /^(?:pod:)?([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (cidr || namespace === undefined) {
    throw new UsageError(`${flag} ${text}: write an address, or a pod as pod:NAMESPACE/NAME`);
  }
  const pod = objects.find((each) => each.kind === 'Pod' && each.namespace === namespace && each.name === name);
  if (!pod) throw new UsageError(`${flag} ${text}: no such pod among the inputs`);
  const fact = readFact(pod.raw);
  const addresses = fact?.kind === 'pod' ? (fact.pod?.addresses ?? []) : [];
  if (addresses.length === 0) {
    throw new UsageError(
      `${flag} ${text}: the pod has no address of its own (none yet, ended, or on the host's network)`,
    );
  }
  return { name: `pod ${namespace}/${name}`, addresses };
}

/** The pairs of addresses of one family. Throws UsageError when the two ends have no family in common. */
export function pairsOf(from: End, to: End): readonly { readonly source: string; readonly destination: string }[] {
  const pairs = from.addresses.flatMap((source) =>
    to.addresses
      .filter((destination) => destination.includes(':') === source.includes(':'))
      .map((destination) => ({ source, destination })),
  );
  if (pairs.length === 0) throw new UsageError(`${from.name} and ${to.name} have no address family in common`);
  return pairs;
}
