import { FABRIC_API_VERSION, fabricNodeStatus, type FabricNodeStatus, parseAs } from '../api/index.ts';
import { type Client, type Clock, KubeError, means, sleep } from '../kube/index.ts';
import { FABRIC_NODE_STATUS, NODE } from './kinds.ts';
import { type AgentLog, asError } from './observe.ts';

type Status = NonNullable<FabricNodeStatus['status']>;

export interface ReporterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly node: string;
  /** At least one report in this time, in seconds; readers take three times as long for gone. */
  readonly reportSeconds: number;
  readonly read: () => Pick<Status, 'programs' | 'bypassed' | 'paths'>;
}

/** Writes what one node enforces. */
export interface Reporter {
  /** There may be something new to write. */
  changed(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Changes that come together are one write. */
const GATHER_MS = 100;
const RETRY_MS = 1000;

export function createReporter({ client, clock, log, node, reportSeconds, read }: ReporterOptions): Reporter {
  let written = '';
  let isNew = true;
  let wake = (): void => undefined;

  const write = async (signal: AbortSignal): Promise<void> => {
    const found = read();
    const reportedAt = new Date(clock.wall()).toISOString();
    const status: Status = { reportedAt, reportSeconds, ...found };
    const object = { apiVersion: FABRIC_API_VERSION, kind: 'FabricNodeStatus', metadata: { name: node }, status };
    try {
      await client.apply(FABRIC_NODE_STATUS, object, { signal, subresource: 'status', force: true });
    } catch (error) {
      if (!means(error, 'notFound')) throw error;
      await createFor(client, node, signal);
      await client.apply(FABRIC_NODE_STATUS, object, { signal, subresource: 'status', force: true });
    }
    written = JSON.stringify(found);
  };

  return {
    changed() {
      isNew = true;
      wake();
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          if (!isNew) {
            const woken = new Promise<void>((resolve) => {
              wake = resolve;
            });
            await Promise.race([woken, sleep(clock, reportSeconds * 1000, signal)]);
            if (isNew) await sleep(clock, GATHER_MS, signal);
          }
          const isDue = !isNew;
          isNew = false;
          if (isDue || JSON.stringify(read()) !== written) await write(signal);
        } catch (error) {
          if (signal.aborted) return;
          log.warn('the report of this node could not be written', { node, error: asError(error) });
          isNew = true;
          written = '';
          const wait = error instanceof KubeError ? (error.retryAfterMs ?? RETRY_MS) : RETRY_MS;
          await sleep(clock, wait, signal).catch(() => undefined);
        }
      }
    },
  };
}

/** What a node last reported; undefined when nothing can be read of it. */
export async function lastReport(client: Client, node: string, signal: AbortSignal): Promise<Status | undefined> {
  const found = await client.find(FABRIC_NODE_STATUS, { name: node }, { signal });
  const parsed = found && parseAs(fabricNodeStatus, { ...found });
  return parsed?.ok ? parsed.value.status : undefined;
}

/** The object that the report is the status of; it goes with its Node. */
async function createFor(client: Client, node: string, signal: AbortSignal): Promise<void> {
  const found = await client.find(NODE, { name: node }, { signal }).catch((error: unknown) => {
    if (means(error, 'forbidden')) return undefined;
    throw error;
  });
  const owner = found?.metadata.uid;
  const metadata = {
    name: node,
    ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: owner }] }),
  };
  await client.apply(
    FABRIC_NODE_STATUS,
    { apiVersion: FABRIC_API_VERSION, kind: 'FabricNodeStatus', metadata },
    { signal, force: true },
  );
}
