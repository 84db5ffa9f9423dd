// @kubernetes/client-node at the same tasks: `client-node.ts URL TASK COUNT [VERSION]`. It is no dependency of this
// package: BENCH_CLIENT_NODE names the folder where real.ts has installed it.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { stringAt } from '../../src/kube/json.ts';
import type { Policy } from './policies.ts';
import { perform, type Subject } from './tasks.ts';

interface KubeConfig {
  loadFromOptions(options: object): void;
  makeApiClient<T>(type: new () => T): T;
}
interface CoreApi {
  listPodForAllNamespaces(): Promise<unknown>;
}
interface CustomObjectsApi {
  patchNamespacedCustomObject(request: object, options: unknown): Promise<unknown>;
}
interface Informer {
  on(verb: 'update', hear: (pod: unknown) => void): void;
  on(verb: 'error', hear: (error: unknown) => void): void;
  list(): readonly unknown[];
  start(): Promise<void>;
  stop(): Promise<void>;
}
type Hear = (phase: string, object: unknown) => void;
interface Watch {
  watch(path: string, query: object, hear: Hear, done: (error: unknown) => void): Promise<AbortController>;
}
/** The part of the library that is measured. */
interface Library {
  readonly KubeConfig: new () => KubeConfig;
  readonly CoreV1Api: new () => CoreApi;
  readonly CustomObjectsApi: new () => CustomObjectsApi;
  readonly Watch: new (config: KubeConfig) => Watch;
  makeInformer(config: KubeConfig, path: string, list: () => Promise<unknown>): Informer;
  setHeaderOptions(name: string, value: string): unknown;
}
const PARTS = ['KubeConfig', 'CoreV1Api', 'CustomObjectsApi', 'Watch', 'makeInformer', 'setHeaderOptions'];

function isLibrary(value: unknown): value is Library {
  return (
    typeof value === 'object' && value !== null && PARTS.every((part) => typeof Reflect.get(value, part) === 'function')
  );
}

const [url = '', ...task] = process.argv.slice(2);
const found = createRequire(`${process.env.BENCH_CLIENT_NODE ?? ''}/package.json`).resolve('@kubernetes/client-node');
const library: unknown = await import(pathToFileURL(found).href);
if (!isLibrary(library)) throw new Error(`${found} is not the client that this was written for`);

const config = new library.KubeConfig();
config.loadFromOptions({
  clusters: [{ name: 'bench', server: url, caData: Buffer.from(process.env.BENCH_CA ?? '').toString('base64') }],
  users: [{ name: 'bench', token: process.env.BENCH_TOKEN }],
  contexts: [{ name: 'bench', cluster: 'bench', user: 'bench' }],
  currentContext: 'bench',
});
let stop: () => unknown = () => undefined;
const fail = (error: unknown): void => {
  throw error instanceof Error ? error : new Error(String(error));
};

const subject: Subject = {
  async follow(onUpdate) {
    const core = config.makeApiClient(library.CoreV1Api);
    const informer = library.makeInformer(config, '/api/v1/pods', () => core.listPodForAllNamespaces());
    informer.on('update', (pod) => onUpdate(stringAt(pod, 'metadata', 'annotations', 'bench') ?? ''));
    informer.on('error', fail);
    await informer.start();
    stop = () => informer.stop();
    return { listed: informer.list().length };
  },
  async replay(version, onUpdate) {
    const kept = new Map<string, unknown>();
    const hear: Hear = (_phase, pod) => {
      kept.set(`${stringAt(pod, 'metadata', 'namespace')}/${stringAt(pod, 'metadata', 'name')}`, pod);
      onUpdate();
    };
    const watch = new library.Watch(config);
    const controller = await watch.watch('/api/v1/pods', { resourceVersion: version }, hear, () => undefined);
    stop = () => controller.abort();
  },
  apply: patcher(config.makeApiClient(library.CustomObjectsApi)),
  async close() {
    await stop();
    process.exit();
  },
};

function patcher(api: CustomObjectsApi): (policy: Policy) => Promise<void> {
  const place = { group: 'cilium.io', version: 'v2', plural: 'ciliumnetworkpolicies' };
  const how = { fieldManager: 'client-node', force: true, fieldValidation: 'Strict' };
  return async (policy) => {
    const { namespace, name } = policy.metadata;
    const options = isLibrary(library) ? library.setHeaderOptions('Content-Type', 'application/apply-patch+yaml') : {};
    await api.patchNamespacedCustomObject({ ...place, ...how, namespace, name, body: policy }, options);
  };
}

await perform(subject, task);
