import { parseCidr } from '../../api/index.ts';
import type { FilterRule, Match } from '../liqo/firewall-configuration.ts';
import type { KernelChain, KernelSet, KernelTable } from './table.ts';

/** A packet at one hook of a node. */
export interface Packet {
  readonly hook: KernelChain['hook'];
  readonly source: string;
  readonly destination: string;
  readonly state: 'new' | 'established';
  readonly protocol?: 'tcp' | 'udp';
  readonly sourcePort?: number;
  readonly port?: number;
  readonly iif?: string;
  readonly oif?: string;
}

/** Whether a packet passes the tables of a node: `accept` ends its own chain alone, a drop is final. */
export function passes(tables: readonly KernelTable[], packet: Packet): boolean {
  return tables.every(({ chains, sets }) =>
    chains.filter(({ hook }) => hook === packet.hook).every((chain) => verdictOf(chain, sets, packet) === 'accept'),
  );
}

function verdictOf({ rules, policy }: KernelChain, sets: readonly KernelSet[], packet: Packet): 'accept' | 'drop' {
  return rules.find((rule) => holds(rule, sets, packet))?.action ?? policy;
}

function holds({ match }: FilterRule, sets: readonly KernelSet[], packet: Packet): boolean {
  return match.every((each) => criteria(each, sets, packet));
}

/** A match without any criterion holds for every packet (V16). */
function criteria({ op, ip, port, proto, dev, ctstate }: Match, sets: readonly KernelSet[], packet: Packet): boolean {
  const wanted = op === 'eq';
  if (ip && inValue(ip.value, ip.position === 'src' ? packet.source : packet.destination, sets) !== wanted)
    return false;
  if (port) {
    const [from = 0, to = from] = port.value.split('-').map(Number);
    const asked = port.position === 'dst' ? packet.port : packet.sourcePort;
    const range = port.value.includes('-');
    const inside = asked !== undefined && asked >= from && asked <= to;
    if (inside !== (wanted || range)) return false;
  }
  if (proto && proto.value !== packet.protocol) return false;
  if (dev && (dev.value === (dev.position === 'in' ? packet.iif : packet.oif)) !== wanted) return false;
  return !ctstate || ctstate.value.includes(packet.state) === wanted;
}

function inValue(value: string, address: string, sets: readonly KernelSet[]): boolean {
  const asked = numberOf(address);
  if (value.startsWith('@')) {
    const set = sets.find(({ name }) => name === value.slice(1));
    return set?.elements.some((key) => inElement(key, set.keyType, asked)) ?? false;
  }
  const [from, to] = value.split('-');
  if (to !== undefined) return asked >= numberOf(from ?? '') && asked <= numberOf(to);
  const [base = '', prefix = '32'] = value.split('/');
  const shift = BigInt(32 - Number(prefix));
  // The packet is masked and the value is not: with host bits set they never meet (V17).
  return (asked >> shift) << shift === numberOf(base);
}

/** Intervals of an `ipv4_cidr` set end one address early (V15). */
function inElement(key: string, keyType: KernelSet['keyType'], asked: bigint): boolean {
  if (keyType === 'ipv4_addr') return asked === numberOf(key);
  const cidr = parseCidr(key);
  if (!cidr) return false;
  return asked >= cidr.first && asked < cidr.first + (1n << BigInt(32 - cidr.prefix)) - 1n;
}

function numberOf(address: string): bigint {
  return address.split('.').reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}
