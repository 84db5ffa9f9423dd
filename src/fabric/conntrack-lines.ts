import type { Flow } from './judge.ts';
import { memberOf } from './members.ts';
import type { CutPath } from './script.ts';

/** One entry of the kernel's table of connections. `entry` is how `conntrack -D` finds it again, and its like. */
export interface Tracked extends Flow {
  readonly originalSource: string;
  /** Whether its protocol has ports. */
  readonly hasPorts: boolean;
}

const WITH_PORTS = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);

/**
 * Reads one line of `conntrack -L -o extended`. What the chains of a program see of the first packet is the source of
 * the original direction and, as its destination, the source of the reply: who answers, after every DNAT.
 */
export function trackedOf(line: string): Tracked | undefined {
  const words = line.split(/\s+/);
  const family = words[0] === 'ipv4' ? 4 : words[0] === 'ipv6' ? 6 : undefined;
  const protocol = words[2];
  if (family === undefined || protocol === undefined) return undefined;
  const values = (key: string): string[] =>
    words.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1));
  const [source, replySource] = values('src').map((text) => memberOf(text)?.text);
  if (source === undefined || replySource === undefined) return undefined;
  const [sourcePort = '0', replyPort = '0'] = values('sport');
  return {
    family,
    protocol,
    source,
    originalSource: source,
    sourcePort: Number(sourcePort),
    destination: replySource,
    destinationPort: Number(replyPort),
    hasPorts: WITH_PORTS.has(protocol),
  };
}

/**
 * The arguments of `conntrack` that delete all entries with the same verdict as this one: it depends on who calls,
 * who answers, the protocol and the port that answers.
 */
export function deletionOf(flow: Tracked): readonly string[] {
  return [
    '-D',
    '-f',
    flow.family === 4 ? 'ipv4' : 'ipv6',
    '-p',
    flow.protocol,
    '--orig-src',
    flow.source,
    '--reply-src',
    flow.destination,
    ...(flow.hasPorts ? ['--reply-port-src', String(flow.destinationPort)] : []),
  ];
}

/** Both directions of a connection, to be dropped even where the reverse direction could open it anew. */
export function cutPathsOf(flow: Tracked): readonly CutPath[] {
  if (!flow.hasPorts) return [];
  const { family, protocol, source, sourcePort, destination, destinationPort } = flow;
  return [
    { family, protocol, source, sourcePort, destination, destinationPort },
    {
      family,
      protocol,
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
    },
  ];
}
