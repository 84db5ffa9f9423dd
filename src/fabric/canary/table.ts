import { isRecord } from '../../kube/index.ts';
import { CANARY_TABLE } from '../names.ts';
import type { Probe } from './plan.ts';

const FAMILIES = [4, 6] as const;
const HOOKS = ['forward', 'input'] as const;

/**
 * A table that counts probes one by one and lets everything pass, where programs are hooked in and just before them: a
 * datagram that a program drops has been seen all the same. One transaction for `nft -f -`, whatever was there before.
 */
export function countScript(probes: readonly Probe[], port: number): string {
  return lines([
    `add table inet ${CANARY_TABLE}`,
    `delete table inet ${CANARY_TABLE}`,
    `table inet ${CANARY_TABLE} {`,
    '  comment "counts the datagrams of canaries for some seconds"',
    ...HOOKS.flatMap((hook) => FAMILIES.flatMap((family) => setBlock(hook, family, probes))),
    ...HOOKS.flatMap((hook) => [
      `  chain ${hook} {`,
      `    type filter hook ${hook} priority filter + 9; policy accept;`,
      // As in the tables of programs: what comes in by lo, no rule sees.
      ...(hook === 'input' ? ['    iifname "lo" accept'] : []),
      ...FAMILIES.map((family) => {
        const keyword = family === 4 ? 'ip' : 'ip6';
        return `    udp dport ${port} ${keyword} saddr . udp sport . ${keyword} daddr @${setName(hook, family)}`;
      }),
      '  }',
    ]),
    '}',
  ]);
}

/** What {@link countsIn} answers for one probe. */
export function countKey({ hook, source, sourcePort, destination }: Omit<Probe, 'id' | 'class' | 'leg' | 'family'>) {
  return `${hook} ${source} ${sourcePort} ${destination}`;
}

/** Packets by {@link countKey}, from `nft -j list table`. Undefined when it is not the table of these probes. */
export function countsIn(json: unknown, probes: readonly Probe[]): ReadonlyMap<string, number> | undefined {
  const list = isRecord(json) ? json['nftables'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const counts = new Map<string, number>();
  const objects = list.filter(isRecord);
  for (const { set } of objects) {
    if (!isRecord(set)) continue;
    const hook = HOOKS.find((each) => typeof set['name'] === 'string' && set['name'].startsWith(each));
    const elements: unknown = set['elem'];
    if (!hook || !Array.isArray(elements)) continue;
    for (const element of elements) {
      const read = isRecord(element) ? elementOf(element['elem']) : undefined;
      if (read) counts.set(`${hook} ${read.key}`, read.packets);
    }
  }
  // Somebody emptied a set, a chain or the ruleset: what was not counted proves nothing then.
  const rules = objects.filter((object) => 'rule' in object).length;
  const isWhole = rules === 5 && probes.every((probe) => counts.has(countKey(probe)));
  return isWhole ? counts : undefined;
}

function setBlock(hook: Probe['hook'], family: 4 | 6, probes: readonly Probe[]): readonly string[] {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const own = probes.filter((probe) => probe.hook === hook && probe.family === family);
  const elements = own.map(({ source, sourcePort, destination }) => `${source} . ${sourcePort} . ${destination}`);
  return [
    `  set ${setName(hook, family)} {`,
    `    type ${address} . inet_service . ${address}; counter;`,
    ...(elements.length > 0 ? [`    elements = { ${elements.join(', ')} }`] : []),
    '  }',
  ];
}

function setName(hook: Probe['hook'], family: 4 | 6): string {
  return `${hook}${family}`;
}

function elementOf(element: unknown): { readonly key: string; readonly packets: number } | undefined {
  const value = isRecord(element) ? element['val'] : undefined;
  const parts: unknown = isRecord(value) ? value['concat'] : undefined;
  const counter = isRecord(element) ? element['counter'] : undefined;
  const packets: unknown = isRecord(counter) ? counter['packets'] : undefined;
  if (!Array.isArray(parts) || typeof packets !== 'number') return undefined;
  return { key: parts.map(String).join(' '), packets };
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
