// What canaries and agents say to each other: lines of JSON over TCP between the two of one node, and datagrams that are
// sent for the sake of being counted.

/** One datagram that a canary is asked to send from `source` and the port `sourcePort`. */
export interface Order {
  readonly id: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  /** Where its receiver is to send one of its own from: a flow of the other direction. */
  readonly backPort?: number;
}

/** Agent to canary. */
export interface Errand {
  readonly kind: 'errand';
  readonly trial: string;
  readonly port: number;
  /** How long to wait for answers. */
  readonly waitMs: number;
  readonly orders: readonly Order[];
}

/** Canary to agent. */
export interface Outcome {
  readonly kind: 'outcome';
  readonly trial: string;
  /** Orders whose datagram was answered. */
  readonly answered: readonly string[];
  /** Datagrams of the other direction, with the source that they arrived from. */
  readonly returned: readonly { readonly id: string; readonly source: string; readonly sourcePort: number }[];
}

/** The payload of a datagram. */
export interface Datagram {
  readonly kind: 'probe' | 'answer' | 'back';
  readonly trial: string;
  readonly id: string;
  readonly backPort?: number;
}

/** More than this is not from one of us. */
export const MAX_LINE = 64 * 1024;
const MAX_ORDERS = 256;

/** Undefined when it is none. */
export function errandOf(text: string): Errand | undefined {
  const value = parse(text);
  if (value?.['kind'] !== 'errand') return undefined;
  const { trial, port, waitMs, orders } = value;
  if (typeof trial !== 'string' || !isPort(port) || typeof waitMs !== 'number' || !isList(orders, isOrder)) {
    return undefined;
  }
  return { kind: 'errand', trial, port, waitMs: Math.min(Math.max(waitMs, 0), 10_000), orders };
}

/** Undefined when it is none. */
export function outcomeOf(text: string): Outcome | undefined {
  const value = parse(text);
  if (value?.['kind'] !== 'outcome') return undefined;
  const { trial, answered, returned } = value;
  if (typeof trial !== 'string' || !isList(answered, isText) || !isList(returned, isReturned)) return undefined;
  return { kind: 'outcome', trial, answered, returned };
}

/** Undefined when it is none. */
export function datagramOf(text: string): Datagram | undefined {
  const value = parse(text);
  if (!value) return undefined;
  const { kind, trial, id, backPort } = value;
  if (kind !== 'probe' && kind !== 'answer' && kind !== 'back') return undefined;
  if (!isText(trial) || !isText(id)) return undefined;
  return { kind, trial, id, ...(isPort(backPort) ? { backPort } : {}) };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    // Anybody can send anything to an open port.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isOrder(value: unknown): value is Order {
  if (!isRecord(value)) return false;
  const { id, source, sourcePort, destination, backPort } = value;
  return (
    isText(id) &&
    isText(source) &&
    isPort(sourcePort) &&
    isText(destination) &&
    (backPort === undefined || isPort(backPort))
  );
}

function isReturned(value: unknown): value is Outcome['returned'][number] {
  return isRecord(value) && isText(value['id']) && isText(value['source']) && isPort(value['sourcePort']);
}

function isList<T>(value: unknown, is: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= MAX_ORDERS && value.every((each) => is(each));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 128;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
