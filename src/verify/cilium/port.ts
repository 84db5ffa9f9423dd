// Ports as the agent reads them from policy text.
import { isServiceName } from '../kubernetes/index.ts';

export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6';

/** What one port entry of a rule matches, for one protocol. */
export type PortMatch =
  | { readonly kind: 'any'; readonly protocol: Protocol }
  | { readonly kind: 'range'; readonly protocol: Protocol; readonly first: number; readonly last: number }
  /** Resolved per pod; at ingress `last` extends the range from the resolved number (surprise 10). */
  | { readonly kind: 'named'; readonly protocol: Protocol; readonly name: string; readonly last: number };

/** Ports that pods name: name -> number and protocol. */
export type NamedPorts = Readonly<Record<string, { readonly port: number; readonly protocol?: string }>>;

/** The number that `text` spells in Go's base-0 notation (`010` is octal), or undefined above 65535 or if malformed. */
export function parsePortNumber(text: string): number | undefined {
  const number = readNumber(text.toLowerCase());
  return number !== undefined && number <= 65535 ? number : undefined;
}

/** True if the agent takes the text for a port's name, to be looked up in lower case (surprise 11). */
export function isPortName(text: string): boolean {
  return isServiceName(text);
}

/** The protocols that a rule's protocol stands for; ANY and none mean those with ports (C5, surprise 7). */
export function protocolsOf(text: string | undefined): readonly Protocol[] {
  if (text === undefined || text === '' || text === 'ANY') return ['TCP', 'UDP', 'SCTP'];
  return text === 'TCP' || text === 'UDP' || text === 'SCTP' ? [text] : [];
}

/** Port 0 is every port; an end at or below the start is ignored (surprise 10). */
export function portMatch(protocol: Protocol, port: string, endPort: number): PortMatch {
  if (isPortName(port)) return { kind: 'named', protocol, name: port.toLowerCase(), last: endPort };
  const first = parsePortNumber(port) ?? 0;
  return first === 0 ? { kind: 'any', protocol } : { kind: 'range', protocol, first, last: Math.max(first, endPort) };
}

/** What the engine files a port entry under: entries with equal keys and peers are merged into one. */
export function filterKey(protocol: Protocol, port: string, endPort: number): string {
  // For a name the end is not part of the key, so the first entry's end holds for all.
  return isPortName(port)
    ? `${port.toLowerCase()}/${protocol}`
    : `${parsePortNumber(port) ?? 0}-${endPort}/${protocol}`;
}

/** Named ports by `name/PROTOCOL`, names in lower case. */
export type PortNumbers = ReadonlyMap<string, number>;

/** Indexes what a pod declares; a missing protocol is TCP, and a name of the wrong form is no name. */
export function portNumbers(ports: NamedPorts): PortNumbers {
  const numbers = new Map<string, number>();
  for (const [name, { port, protocol }] of Object.entries(ports))
    if (isPortName(name) && port > 0) numbers.set(`${name.toLowerCase()}/${protocol ?? 'TCP'}`, port);
  return numbers;
}

const NOTATIONS: readonly { readonly base: number; readonly pattern: RegExp }[] = [
  { base: 16, pattern: /^0x(_?[0-9a-f]+(?:_[0-9a-f]+)*)$/ },
  { base: 2, pattern: /^0b(_?[01]+(?:_[01]+)*)$/ },
  { base: 8, pattern: /^0o?(_?[0-7]+(?:_[0-7]+)*)$/ },
  { base: 10, pattern: /^(0|[1-9][0-9]*(?:_[0-9]+)*)$/ },
];

function readNumber(text: string): number | undefined {
  for (const { base, pattern } of NOTATIONS) {
    const digits = pattern.exec(text)?.[1];
    if (digits !== undefined) return Number.parseInt(digits.replaceAll('_', ''), base);
  }
  return undefined;
}
