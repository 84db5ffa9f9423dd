import { randomBytes, randomUUID } from 'node:crypto';
import { createPost, type ResolveService } from './admission/post.ts';
import { createHooks } from './admission/webhooks.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { isObject, type JsonObject, parseJson, textAt } from './json.ts';
import { createBuiltins } from './kinds/builtin-resources.ts';
import { createRegistry } from './kinds/registry.ts';
import { createBackground } from './lifecycle/background.ts';
import { followDefinitions, resumeEmptying } from './lifecycle/definitions.ts';
import { followOwners } from './lifecycle/garbage.ts';
import { followNamespaces } from './lifecycle/namespaces.ts';
import type { Clock, Plane } from './plane.ts';
import { type Credentials, makeCredentials } from './server/certificate.ts';
import { handle, type Server } from './server/handle.ts';
import { kubeconfig } from './server/kubeconfig.ts';
import { listen } from './server/listen.ts';
import type { ApiRequest, ApiResponse } from './server/message.ts';
import { createStore } from './store/store.ts';

export interface ControlPlaneOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Without it, a host that is not loopback is refused: whoever reaches the port and has the token owns everything. */
  readonly beyondLoopback?: boolean;
  /** CustomResourceDefinitions to install before the server is ready. */
  readonly crds?: readonly unknown[];
  /** Bearer token; random by default. */
  readonly token?: string;
  readonly faults?: Faults;
  /** How webhooks that name a Service are reached; by default not at all. */
  readonly resolveService?: ResolveService;
  readonly clock?: Clock;
  /** Events that each collection remembers for watches that resume (default 4096). */
  readonly remembered?: number;
  /** Between bookmarks of a watch that asked for them (default 60,000). */
  readonly bookmarkEveryMillis?: number;
  /** Hears of errors that are nobody's mistake but the control plane's; default: standard error. */
  readonly report?: (error: unknown) => void;
}

export interface ControlPlane {
  readonly url: string;
  readonly token: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** The text of a kubeconfig file. */
  readonly kubeconfig: string;
  readonly faults: Faults;
  /** A request without a socket; the token is added if no authorization is given. */
  readonly inject: (request: ApiRequest) => Promise<ApiResponse>;
  /** Resolves when garbage collection, namespace emptying and the like have nothing left to do. */
  readonly settled: () => Promise<void>;
  /** Forgets history: watches and continued lists from before answer 410, as after etcd's compaction. */
  readonly compact: () => void;
  /** Breaks every connection and listens again at the same address; what is stored stays, as it stays in etcd. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The flag is missing that lets the server listen where others can reach it. */
export class BeyondLoopbackError extends Error {
  readonly code = 'BeyondLoopback';
  constructor(host: string) {
    super(`${host} is not a loopback address: the embedded control plane is for this machine only`);
    this.name = 'BeyondLoopbackError';
  }
}

/** A definition that was given at the start is refused by the server's own validation. */
export class DefinitionRefusedError extends Error {
  readonly code = 'DefinitionRefused';
  constructor(message: string) {
    super(message);
    this.name = 'DefinitionRefusedError';
  }
}

/**
 * Starts an in-memory Kubernetes API server for laptops, tests and simulated fleets.
 * @throws BeyondLoopbackError, DefinitionRefusedError, or the error of the socket.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host) && options.beyondLoopback !== true) throw new BeyondLoopbackError(host);
  const clock = options.clock ?? systemClock();
  const core = createCore({ ...options, clock });
  await install(core, options.crds ?? []);
  const credentials = await makeCredentials([...new Set(['localhost', '127.0.0.1', '::1', host])], clock.now());
  return serve(core, host, options.port ?? 0, credentials);
}

/** The server without a socket: what `inject` talks to. */
interface Core {
  readonly server: Server;
  readonly token: string;
  readonly setAddress: (address: string) => void;
}

function createCore(options: ControlPlaneOptions): Core {
  const report = options.report ?? ((error: unknown) => process.stderr.write(`controlplane: ${String(error)}\n`));
  const clock = options.clock ?? systemClock();
  const store = createStore(options.remembered ?? 4096);
  const builtins = createBuiltins();
  const plane: Plane = {
    store,
    registry: createRegistry(store, builtins),
    builtins,
    clock,
    newUid: randomUUID,
    newSuffix: () =>
      randomBytes(8)
        .toString('base64url')
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, '')
        .padEnd(5, 'x')
        .slice(0, 5),
    background: createBackground(report),
    hooks: createHooks(store, createPost(options.resolveService ?? (() => undefined))),
    faults: options.faults ?? createFaults(),
    bookmarkEvery: options.bookmarkEveryMillis ?? 60_000,
    textOf: createTextOf(),
  };
  followDefinitions(plane);
  resumeEmptying(plane);
  followNamespaces(plane);
  followOwners(plane);
  const token = options.token ?? randomBytes(24).toString('base64url');
  let address = '127.0.0.1';
  return {
    token,
    server: { plane, token, address: () => address, report },
    setAddress: (next) => {
      address = next;
    },
  };
}

/** Remembers the text of the last object: the watches of an event ask for it one after the other. */
function createTextOf(): (object: JsonObject) => string {
  let last: { readonly object: JsonObject; readonly text: string } | undefined;
  return (object) => {
    if (last?.object !== object) last = { object, text: JSON.stringify(object) };
    return last.text;
  };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

const systemClock = (): Clock => ({
  now: Date.now,
  after(millis, run) {
    const timer = setTimeout(run, millis);
    timer.unref();
    return () => clearTimeout(timer);
  },
});

const FIRST_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const;

async function install(core: Core, definitions: readonly unknown[]): Promise<void> {
  for (const name of FIRST_NAMESPACES) {
    await post(core, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  for (const definition of definitions) {
    if (!isObject(definition)) throw new DefinitionRefusedError('a definition is not an object');
    await post(core, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  }
  await core.server.plane.background.settled();
}

async function post(core: Core, url: string, object: JsonObject): Promise<void> {
  const response = await inject(core, {
    method: 'POST',
    url,
    headers: { 'user-agent': 'lattice-controlplane' },
    body: JSON.stringify(object),
  });
  if (response.status === 201) return;
  const text = response.body.kind === 'whole' ? response.body.text : '';
  throw new DefinitionRefusedError(textAt(parseJson(text), 'message'));
}

function inject(core: Core, request: ApiRequest): Promise<ApiResponse> {
  const headers = { authorization: `Bearer ${core.token}`, ...request.headers };
  return handle(core.server, { ...request, headers });
}

async function serve(core: Core, host: string, port: number, credentials: Credentials): Promise<ControlPlane> {
  const { plane } = core.server;
  const respond = (request: ApiRequest): Promise<ApiResponse> => handle(core.server, request);
  let listening = await listen(host, port, credentials, respond);
  const shown = host.includes(':') ? `[${host}]` : host;
  core.setAddress(`${shown}:${listening.port}`);
  const url = `https://${shown}:${listening.port}`;
  return {
    url,
    token: core.token,
    ca: credentials.ca,
    kubeconfig: kubeconfig(url, credentials.ca, core.token),
    faults: plane.faults,
    inject: (request) => inject(core, request),
    settled: plane.background.settled,
    compact: plane.store.compact,
    async restart() {
      await listening.close();
      listening = await listen(host, listening.port, credentials, respond);
    },
    close: () => listening.close(),
  };
}
