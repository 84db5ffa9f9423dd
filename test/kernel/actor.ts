// A program that the kernel suite runs inside a network namespace: it listens, calls and counts with real sockets. It
// takes one JSON object per line, and answers each with one. Plain Node, so that it starts fast.
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';

interface Ask {
  readonly id: number;
  readonly do: 'listen' | 'call' | 'hold' | 'ask' | 'drop' | 'flood' | 'quiet' | 'connects' | 'received';
  readonly name?: string;
  readonly protocol?: 'tcp' | 'udp';
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
  readonly patience?: number;
}

/** Echoes; a TCP client that begins with "push" is sent to without end; UDP port 9 is only counted. */
const PORTS = [8080, 9090];
const SINK = 9;
const held = new Map<string, Socket>();
const floods = new Map<string, () => { sent: number }>();
/** Below those that the system hands out. */
const OWN_PORTS = { first: 10_000, last: 32_767 };
let received = 0;
let ownPort = OWN_PORTS.first - 1;

async function answer(ask: Ask): Promise<object> {
  switch (ask.do) {
    case 'listen':
      await listen();
      return {};
    case 'call':
      return { open: await (ask.protocol === 'udp' ? callUdp(ask) : callTcp(ask, freshPort())) };
    case 'hold':
      return { open: await hold(ask) };
    case 'ask':
      return { open: await exchange(held.get(ask.name ?? ''), ask.patience ?? 400) };
    case 'drop':
      held.get(ask.name ?? '')?.destroy();
      return {};
    case 'flood':
      floods.set(ask.name ?? '', flood(ask));
      return {};
    case 'connects':
      floods.set(ask.name ?? '', connects(ask));
      return {};
    case 'quiet':
      return floods.get(ask.name ?? '')?.() ?? {};
    case 'received':
      return { received };
  }
}

async function listen(): Promise<void> {
  for (const port of PORTS) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        if (!data.toString().startsWith('push')) {
          socket.write(data);
          return;
        }
        const timer = setInterval(() => socket.write('.'), 5);
        socket.on('close', () => clearInterval(timer));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen({ port, host: '::' }, () => resolve());
    });
    for (const own of ownAddresses()) {
      const socket = await bound(own, port);
      socket.on('message', (data, { address, port: back }) => socket.send(data, back, address));
    }
  }
  for (const own of ownAddresses()) {
    (await bound(own, SINK)).on('message', () => {
      received += 1;
    });
  }
}

/** A datagram is answered from the address that it came to only by a socket that is bound to it. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...new Set(all.map(({ address }) => address))].filter((address) => !address.startsWith('fe80'));
}

async function bound(address: string, port: number): Promise<Datagrams> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('error', reject);
  socket.bind({ port, address }, () => resolve());
  await promise;
  return socket;
}

async function opened({ from, to = '', port = 0, patience = 400 }: Ask, localPort = 0): Promise<Socket | undefined> {
  const socket = connect({ host: to, port, localPort, ...(from === undefined ? {} : { localAddress: from }) });
  const isOpen = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), patience);
    socket.on('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.on('error', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
  if (isOpen) return socket;
  socket.destroy();
  return undefined;
}

async function callTcp(ask: Ask, localPort = 0): Promise<boolean> {
  const socket = await opened(ask, localPort);
  const isAnswered = await exchange(socket, ask.patience ?? 400);
  socket?.destroy();
  return isAnswered;
}

/** Whether a byte comes back, or, from one who pushes, whether anything comes. */
function exchange(socket: Socket | undefined, patience: number): Promise<boolean> {
  if (!socket || socket.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (isOpen: boolean): void => {
      clearTimeout(timer);
      socket.off('data', onData);
      resolve(isOpen);
    };
    const onData = (): void => done(true);
    const timer = setTimeout(() => done(false), patience);
    socket.on('data', onData);
    socket.write('x');
  });
}

async function hold(ask: Ask): Promise<boolean> {
  const socket = await opened(ask);
  if (!socket) return false;
  held.set(ask.name ?? '', socket);
  if (ask.protocol === 'udp') socket.write('push');
  return await exchange(socket, ask.patience ?? 400);
}

/**
 * A port that no earlier call was made from: what comes from a port of before belongs to the connection of before, for
 * as long as the kernel remembers that one, or has it cut, and no rule is asked about it.
 */
function freshPort(): number {
  ownPort = ownPort === OWN_PORTS.last ? OWN_PORTS.first : ownPort + 1;
  return ownPort;
}

async function callUdp({ from, to = '', port = 0, patience = 400 }: Ask): Promise<boolean> {
  const socket = await bound(from ?? (to.includes(':') ? '::' : '0.0.0.0'), freshPort());
  const isAnswered = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), patience);
    socket.on('message', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.send('x', port, to, () => undefined);
  });
  socket.close();
  return isAnswered;
}

const BURST = 16;

/** Twice as long as the work took: agents get their share of a processor, also where there is one for all. */
function pauseAfter(began: number): number {
  return Math.min(100, Math.max(1, 2 * (performance.now() - began)));
}

/** Thousands of datagrams a second, each from the same port: a flow that no rule lets through stays new for ever. */
function flood({ from, to = '' }: Ask): () => { sent: number } {
  const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => undefined);
  let sent = 0;
  let isOn = true;
  const burst = (): void => {
    if (!isOn) return;
    const began = performance.now();
    let waiting = BURST;
    for (let index = 0; index < BURST; index++) {
      socket.send('x', SINK, to, () => {
        sent += 1;
        waiting -= 1;
        if (waiting === 0) setTimeout(burst, pauseAfter(began));
      });
    }
  };
  socket.bind({ port: 0, ...(from === undefined ? {} : { address: from }) }, burst);
  return () => {
    isOn = false;
    socket.close();
    return { sent };
  };
}

/** One new connection after the other; counts those that were not answered at once. */
function connects(ask: Ask): () => { sent: number; failed: number } {
  let sent = 0;
  let failed = 0;
  const ending = new AbortController();
  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const began = performance.now();
      const isOpen = await callTcp({ ...ask, patience: ask.patience ?? 800 });
      sent += 1;
      if (!isOpen) failed += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, pauseAfter(began));
      });
    }
  };
  void loop();
  return () => {
    ending.abort();
    return { sent, failed };
  };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const ask: unknown = JSON.parse(line);
  if (!isAsk(ask)) throw new Error(`not understood: ${line}`);
  answer(ask).then(
    (result) => process.stdout.write(`${JSON.stringify({ id: ask.id, ...result })}\n`),
    (error: unknown) => process.stdout.write(`${JSON.stringify({ id: ask.id, error: String(error) })}\n`),
  );
});
process.stdin.on('end', () => process.exit(0));

function isAsk(value: unknown): value is Ask {
  return typeof value === 'object' && value !== null && 'id' in value && 'do' in value;
}
