// `npm run bench -- operator [embedded] [real] [--shape NAME] [--services N] [--edits N]`: one line of JSON per measurement.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LatticeService } from '../../src/api/index.ts';
import { type Client, createClient, createWatch, fieldsProjection } from '../../src/kube/index.ts';
import { isShape, type ShapeName } from '../fixture.ts';
import {
  applyStatuses,
  call,
  compiled,
  declare,
  declaredServices,
  forEach,
  graphOf,
  IN_FLIGHT,
  install,
  kindOf,
  neighbourhood,
  newEngines,
  removeWritten,
  SERVICE,
  stored,
  versions,
  WRITTEN,
} from './cluster.ts';
import { bundled } from './bundle.ts';
import { startMeasured } from './process.ts';
import { openServer, type Server } from './server.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shape: { type: 'string', default: '1.5k-uniform' },
    services: { type: 'string', default: '1500' },
    edits: { type: 'string', default: '500' },
  },
});
const names = (['embedded', 'real'] as const).filter((name) => positionals.length === 0 || positionals.includes(name));
const { shape } = values;
if (!isShape(shape) || positionals.some((each) => each !== 'embedded' && each !== 'real')) {
  process.stderr.write(
    'usage: npm run bench -- operator [embedded] [real] [--shape NAME] [--services N] [--edits N]\n',
  );
  process.exitCode = 2;
} else {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
  try {
    const bundle = bundled(folder);
    for (const name of names) {
      const server = await openServer(name);
      if (!server) continue;
      try {
        await measure(server, bundle, shape, Number(values.services), Number(values.edits));
      } finally {
        await server.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(server: Server, bundle: string, of: ShapeName, count: number, edits: number): Promise<void> {
  const client = createClient(server.access, { maxInFlight: IN_FLIGHT });
  // Fewer than all are for trying out: what they say of the others is half then.
  const services = declaredServices(of).slice(0, count);
  const say = (figures: object): void => {
    const load = Number((loadavg()[0] ?? 0).toFixed(1));
    process.stdout.write(
      `${JSON.stringify({ server: server.name, shape: of, services: count, ...figures, load, cores: cpus().length })}\n`,
    );
  };
  try {
    await install(client);
    await declare(client, services);
    const raw = await measureRaw(server, services);
    say({ case: 'raw apply', ...raw });
    await removeWritten(client);

    const first = startMeasured(bundle, server.kubeconfig);
    const synced = await first.until('synced');
    const cpuBefore = first.cpuMs();
    const rest = await first.until('at rest');
    // Each service has a status besides its objects.
    const writes = raw.objects + services.length;
    const perSecond = writes / (rest - synced);
    say({
      case: 'initial sync, empty',
      seconds: round(rest),
      writes,
      perSecond: round(perSecond),
      shareOfRaw: round(perSecond / raw.perSecond),
      shareOfSame: round(perSecond / raw.perSecondWithStatuses),
      cpuMsPerWrite: round((first.cpuMs() - cpuBefore) / writes),
      ...memory(first.memoryMB()),
    });
    await first.stop();

    const before = await versions(client);
    const second = startMeasured(bundle, server.kubeconfig);
    const again = await second.until('at rest');
    const changed = (await versions(client)) === before ? 0 : 'some';
    say({
      case: 'initial sync, all there',
      seconds: round(again),
      writes: changed,
      cpuMs: second.cpuMs(),
      ...memory(second.memoryMB()),
    });
    say({
      case: 'convergence',
      ...(await measureEdits(server, client, services, edits)),
      ...memory(second.memoryMB()),
    });
    await second.stop();
  } finally {
    await client.close();
  }
}

interface Raw {
  readonly objects: number;
  readonly perSecond: number;
  readonly cpuMsPerWrite: number;
  readonly statusesPerSecond: number;
  /** Of objects and statuses together: the same writes as the operator's. */
  readonly perSecondWithStatuses: number;
}

/** The same writes by the same client, with nothing else to do: the most that can be had. */
async function measureRaw(server: Server, services: readonly LatticeService[]): Promise<Raw> {
  const client = createClient(server.access, { maxInFlight: IN_FLIGHT });
  const objects = compiled(graphOf(services));
  const began = performance.now();
  const cpu = process.cpuUsage();
  await forEach(objects, async (object) => {
    await client.apply(kindOf(object), object, call);
  });
  const written = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await applyStatuses(client, services);
  const ended = performance.now();
  await client.close();
  return {
    objects: objects.length,
    perSecond: round((objects.length * 1000) / (written - began)),
    cpuMsPerWrite: round((user + system) / 1000 / objects.length),
    statusesPerSecond: round((services.length * 1000) / (ended - written)),
    perSecondWithStatuses: round(((objects.length + services.length) * 1000) / (ended - began)),
  };
}

/** One edge is edited twice a second: from the acknowledged write to the last changed object being readable. */
async function measureEdits(
  server: Server,
  client: Client,
  services: readonly LatticeService[],
  edits: number,
): Promise<object> {
  const graph = graphOf(services);
  const engines = newEngines();
  const names = new Set(services.map(({ metadata }) => metadata.name));
  const seen = watchWritten(client);
  await seen.synced;
  const converged: number[] = [];
  const beyond: number[] = [];
  const counts: number[] = [];
  for (let at = 0; at < edits; at++) {
    const began = performance.now();
    const service = services[(at * 7) % services.length];
    const next = service && toggled(service, names);
    if (!next) continue;
    services = services.map((each) => (each === service ? next : each));
    const changed = neighbourhood(graph, engines, next).filter((object) => seen.differs(object));
    await client.apply(SERVICE, stored(next), { ...call, force: true });
    const acknowledged = performance.now();
    const last = await seen.all(changed);
    const raw = performance.now();
    // The same objects once more, as they are: it costs the server what a change costs.
    await Promise.all(
      changed.map((object) =>
        client.apply(kindOf(object), labelled(object, seen.ownerOf(object)), { ...call, force: true }),
      ),
    );
    const rawMs = performance.now() - raw;
    const ms = Math.max(0, last - acknowledged);
    // Where the peer does not answer the edge was half, and its edit changes nothing.
    if (changed.length === 0) continue;
    converged.push(ms);
    beyond.push(Math.max(0, ms - rawMs));
    counts.push(changed.length);
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(0, 500 - (performance.now() - began)));
    });
  }
  await seen.end();
  if (counts.length === 0) throw new Error('no edit changed an object: nothing was measured');
  return {
    edits: counts.length,
    objectsPerEdit: round(counts.reduce((sum, each) => sum + each, 0) / counts.length),
    p50Ms: percentile(converged, 50),
    p99Ms: percentile(converged, 99),
    beyondRawP50Ms: percentile(beyond, 50),
    beyondRawP99Ms: percentile(beyond, 99),
  };
}

/** One agreement closed, or open again: with a peer of this cluster, on a port that is not there. */
function toggled(service: LatticeService, names: ReadonlySet<string>): LatticeService | undefined {
  const resources = { ...service.spec.resources };
  const peer = Object.keys(resources).find((name) => names.has(name));
  const entry = peer === undefined ? undefined : resources[peer];
  if (peer === undefined || !entry) return undefined;
  const { ports, ...whole } = entry;
  resources[peer] = ports === undefined ? { ...whole, ports: [9] } : whole;
  return { ...service, spec: { ...service.spec, resources } };
}

type Written = ReturnType<typeof compiled>[number];

interface Seen {
  readonly synced: Promise<void>;
  differs(object: Written): boolean;
  ownerOf(object: Written): string;
  /** Resolves to when the last of these could be read. */
  all(objects: readonly Written[]): Promise<number>;
  end(): Promise<void>;
}

function watchWritten(client: Client): Seen {
  const ending = new AbortController();
  const specs = new Map<string, string>();
  const owners = new Map<string, string>();
  const when = new Map<string, number>();
  let wake = (): void => undefined;
  const watches = WRITTEN.map((kind) =>
    createWatch(client, {
      kind,
      namespace: 'default',
      projection: fieldsProjection('spec', 'metadata.labels', 'metadata.name'),
      onChange(change) {
        const id = `${kind.kind} ${change.key}`;
        if (change.kind === 'deleted') specs.delete(id);
        else {
          specs.set(id, canonical(change.after['spec']));
          const labels: unknown = Reflect.get(Object(change.after['metadata']), 'labels');
          owners.set(id, String(Reflect.get(Object(labels), 'lattice.dev/owner')));
        }
        when.set(id, performance.now());
        wake();
      },
    }),
  );
  const runs = watches.map((watch) => watch.run(ending.signal));
  const idOf = ({ kind, metadata }: Written): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
  const isThere = (object: Written): boolean => specs.get(idOf(object)) === canonical(object.spec);
  return {
    synced: Promise.all(watches.map((watch) => watch.synced)).then(() => undefined),
    differs: (object) => !isThere(object),
    ownerOf: (object) => owners.get(idOf(object)) ?? '',
    async all(objects) {
      while (!objects.every(isThere)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return Math.max(...objects.map((object) => when.get(idOf(object)) ?? 0));
    },
    async end() {
      ending.abort();
      await Promise.all(runs);
    },
  };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function labelled(object: Written, owner: string): Written {
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, 'lattice.dev/owner': owner } },
  };
}

function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0);
}

function memory({ now, peak }: { readonly now: number; readonly peak: number }): object {
  return { rssMB: now, peakMB: peak };
}

function round(figure: number): number {
  return Number(figure.toPrecision(3));
}
