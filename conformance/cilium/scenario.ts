// What goes to the judge and what comes back: the line format of `data/cilium-scenarios.json`.

export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6';

/** From, to, port (ICMP: the type) and protocol. */
export type FlowTuple = readonly [from: string, to: string, port: number, protocol: Protocol];

export interface NamedPort {
  readonly port: number;
  readonly protocol?: string;
}

export type PolicyObject = Readonly<Record<string, unknown>>;

/** A whole cluster and the flows to judge. `clusterName` '' = selectors reach every cluster. */
export interface Scenario {
  readonly id: string;
  readonly clusterName: string;
  readonly localCluster: string;
  readonly enforcement?: 'default' | 'always' | 'never';
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  readonly namedPorts?: Readonly<Record<string, Readonly<Record<string, NamedPort>>>>;
  readonly policies: readonly PolicyObject[];
  readonly flows: readonly FlowTuple[];
}

/** A change of the policies of the question before; `remove` names objects as `Kind/namespace/name`. */
export interface Edit {
  readonly id: string;
  readonly edit: { readonly add: readonly PolicyObject[]; readonly remove: readonly string[] };
  readonly flows: readonly FlowTuple[];
}

type Stage = 'schema' | 'pruned' | 'agent' | 'endpoint';

interface Refused {
  readonly policy: number;
  readonly name: string;
  readonly stage: Stage;
  readonly message: string;
}

/** Verdicts are two letters, egress then ingress: A allowed, R to the proxy, D denied, U unmanaged, E not computable. */
export interface Answer {
  readonly id: string;
  readonly errors: readonly Refused[];
  readonly verdicts: readonly string[];
}

/** Reads one output line. Throws on anything but an answer: the judge is ours, so that is a bug. */
export function readAnswer(line: string): Answer {
  const value: unknown = JSON.parse(line);
  if (!isRecord(value) || typeof value['id'] !== 'string' || !Array.isArray(value['verdicts'])) {
    throw new Error(`not an answer: ${line.slice(0, 200)}`);
  }
  if (typeof value['failure'] === 'string') throw new Error(`the judge failed on ${value['id']}: ${value['failure']}`);
  const errors: readonly unknown[] = Array.isArray(value['errors']) ? value['errors'] : [];
  const verdicts: readonly unknown[] = value['verdicts'];
  return { id: value['id'], errors: errors.map(readRefused), verdicts: verdicts.map(String) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const STAGES: readonly Stage[] = ['schema', 'pruned', 'agent', 'endpoint'];

function readRefused(value: unknown): Refused {
  if (isRecord(value)) {
    const stage = STAGES.find((known) => known === value['stage']);
    const { policy, name, message } = value;
    if (stage && typeof policy === 'number' && typeof name === 'string' && typeof message === 'string') {
      return { policy, name, stage, message };
    }
  }
  throw new Error(`not a refusal: ${JSON.stringify(value)}`);
}
