// The programs that listen and call in the namespaces.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ACTORS, type Actor, type Network, type NodeName, NODES } from './network.ts';

export type Who = Actor | NodeName;

export interface Call {
  readonly from: Who;
  /** An actor, a node, or any address. */
  readonly to: string;
  readonly protocol?: 'tcp' | 'udp';
  readonly family?: 4 | 6;
  readonly port?: number;
  readonly patience?: number;
}

export interface Actors {
  /** Whether a new connection is answered. */
  call(call: Call): Promise<boolean>;
  /** Keeps a connection under a name; with `pushed` the called one sends without end. */
  hold(name: string, call: Call & { readonly pushed?: boolean }): Promise<boolean>;
  /** Whether a kept connection still carries bytes. */
  isAlive(name: string, from: Who, patience?: number): Promise<boolean>;
  drop(name: string, from: Who): Promise<void>;
  /** Sends datagrams to the counter of `to` without a pause, until stopped; answers how many. */
  flood(call: Call): Promise<() => Promise<number>>;
  /** Opens one connection after the other until stopped. */
  connects(call: Call): Promise<() => Promise<{ readonly sent: number; readonly failed: number }>>;
  /** Datagrams that reached the counter of an actor since the start. */
  received(who: Who): Promise<number>;
  stop(): void;
}

/** Who is open on a busy machine must not be taken for one that is cut. */
const PATIENCE_MS = 2000;

export async function startActors(network: Network): Promise<Actors> {
  const processes = new Map<string, Process>();
  for (const name of [...Object.keys(ACTORS), ...NODES]) {
    const space = network.space(isWho(name) ? name : 'n1');
    if (!processes.has(space)) processes.set(space, startProcess(space));
  }
  const of = (who: Who): Process => {
    const found = processes.get(network.space(who));
    if (!found) throw new Error(`nobody is at ${who}`);
    return found;
  };
  await Promise.all([...processes.values()].map((process) => process.ask({ do: 'listen' })));
  const addressOf = (who: string, family: 4 | 6): string => {
    if (who === 'n1' || who === 'n2') return network.nodeAddress(who, family);
    return isActor(who) ? ACTORS[who][family] : who;
  };
  const wordsOf = ({ from, to, protocol = 'tcp', family = 4, port = 8080, patience = PATIENCE_MS }: Call) => ({
    protocol,
    port,
    patience,
    to: addressOf(to, family),
    ...(isActor(from) ? { from: addressOf(from, family) } : {}),
  });
  let count = 0;
  return {
    call: async (call) => isOpen(await of(call.from).ask({ do: 'call', ...wordsOf(call) })),
    hold: async (name, { pushed, ...call }) =>
      isOpen(await of(call.from).ask({ do: 'hold', name, ...wordsOf(call), protocol: pushed ? 'udp' : 'tcp' })),
    isAlive: async (name, from, patience = PATIENCE_MS) => isOpen(await of(from).ask({ do: 'ask', name, patience })),
    drop: async (name, from) => {
      await of(from).ask({ do: 'drop', name });
    },
    async flood(call) {
      const name = `flood${(count += 1)}`;
      await of(call.from).ask({ do: 'flood', name, ...wordsOf(call) });
      return async () => numberIn(await of(call.from).ask({ do: 'quiet', name }), 'sent');
    },
    async connects(call) {
      const name = `connects${(count += 1)}`;
      await of(call.from).ask({ do: 'connects', name, ...wordsOf(call) });
      return async () => {
        const answer = await of(call.from).ask({ do: 'quiet', name });
        return { sent: numberIn(answer, 'sent'), failed: numberIn(answer, 'failed') };
      };
    },
    received: async (who) => numberIn(await of(who).ask({ do: 'received' }), 'received'),
    stop() {
      for (const process of processes.values()) process.stop();
    },
  };
}

interface Process {
  ask(words: object): Promise<Readonly<Record<string, unknown>>>;
  stop(): void;
}

function startProcess(space: string): Process {
  const script = fileURLToPath(new URL('actor.ts', import.meta.url));
  const child: ChildProcess = spawn('ip', ['netns', 'exec', space, process.execPath, script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, (answer: Readonly<Record<string, unknown>>) => void>();
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const answer: unknown = JSON.parse(line);
      if (!isRecord(answer) || typeof answer['id'] !== 'number') throw new Error(`no answer: ${line}`);
      waiting.get(answer['id'])?.(answer);
      waiting.delete(answer['id']);
    });
  }
  let id = 0;
  return {
    ask(words) {
      id += 1;
      const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
      waiting.set(id, (answer) => {
        if (typeof answer['error'] === 'string') reject(new Error(answer['error']));
        else resolve(answer);
      });
      child.stdin?.write(`${JSON.stringify({ id, ...words })}\n`);
      return promise;
    },
    stop: () => void child.stdin?.end(),
  };
}

function isOpen(answer: Readonly<Record<string, unknown>>): boolean {
  return answer['open'] === true;
}

function numberIn(answer: Readonly<Record<string, unknown>>, field: string): number {
  const value = answer[field];
  if (typeof value !== 'number') throw new Error(`no ${field} in ${JSON.stringify(answer)}`);
  return value;
}

function isActor(who: string): who is Actor {
  return Object.hasOwn(ACTORS, who);
}

function isWho(name: string): name is Who {
  return isActor(name) || name === 'n1' || name === 'n2';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
