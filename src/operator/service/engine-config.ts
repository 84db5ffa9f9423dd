import { createWatch, type KubeError, means, only, orAborted, untyped } from '../../kube/index.ts';
import type { Scope } from '../tasks.ts';
import type { EngineSettings } from '../foreign/index.ts';
import type { Refusal } from './decide-status.ts';
import { type EngineJudgement, judgeCilium, judgeIstio, SOUND } from './judge-engine.ts';

const CONFIG_MAP = untyped({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true });

export interface EngineConfig {
  /** Resolves when every configuration was read, or cannot be. */
  readonly synced: Promise<void>;
  closed(): readonly Refusal[];
  weak(): readonly Refusal[];
  /** What changes a verdict of the engines. */
  settings(): EngineSettings;
}

/** Where the engines' own charts put their configuration. */
export interface EngineNamespaces {
  readonly cilium: string;
  readonly istio: string;
}

export const ENGINE_NAMESPACES: EngineNamespaces = { cilium: 'kube-system', istio: 'istio-system' };

export interface EngineConfigOptions extends Scope {
  readonly namespaces: EngineNamespaces;
  readonly onChange: () => void;
}

type Data = Readonly<Record<string, string>>;

/** Follows how the engines are configured. */
export function followEngineConfig(options: EngineConfigOptions): EngineConfig {
  const { context, namespaces } = options;
  const { compile } = context;
  const followed = compile.engines.flatMap((engine) => {
    if (engine === 'cilium')
      return [follow(options, namespaces.cilium, 'cilium-config', (data) => judgeCilium(data, compile))];
    if (engine === 'istio') return [follow(options, namespaces.istio, 'istio', (data) => judgeIstio(data, compile))];
    return [];
  });
  return {
    synced: Promise.all(followed.map(({ synced }) => synced)).then(() => undefined),
    closed: () => followed.flatMap(({ judged }) => judged().closed),
    weak: () => followed.flatMap(({ judged }) => judged().weak),
    settings: () => followed.reduce<EngineSettings>((all, { judged }) => ({ ...all, ...judged().settings }), {}),
  };
}

function follow(
  { context, tasks, signal, onChange }: EngineConfigOptions,
  namespace: string,
  name: string,
  judge: (data: Data | undefined) => EngineJudgement,
): { readonly synced: Promise<void>; readonly judged: () => EngineJudgement } {
  let judged = SOUND;
  const refused = Promise.withResolvers<void>();
  const take = (next: EngineJudgement): void => {
    judged = next;
    for (const each of [...next.closed, ...next.weak]) context.log.warn('engine: misconfigured', { ...each });
    onChange();
  };
  const onTrouble = (error: KubeError): void => {
    context.log.warn('watch: trouble, trying again', { kind: `ConfigMap ${namespace}/${name}`, error });
    if (!means(error, 'forbidden') || judged !== SOUND) return;
    const message = `ConfigMap ${namespace}/${name} may not be read, so that nothing is known of the engine: grant get, list and watch`;
    take({ ...SOUND, weak: [{ reason: 'EngineConfigUnreadable', message }] });
    refused.resolve();
  };
  const watch = createWatch<Data>(context.client, {
    kind: CONFIG_MAP,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    clock: context.clock,
    random: context.random,
    projection: { mask: only('data'), of: (object) => textsOf(object['data']) },
    onChange: (change) => take(judge(change.kind === 'deleted' ? undefined : change.after)),
    onTrouble,
  });
  tasks.start(watch.run(signal));
  const read = orAborted(watch.synced, signal).catch(() => undefined);
  return { synced: Promise.race([read, refused.promise]), judged: () => judged };
}

function textsOf(data: unknown): Data {
  if (typeof data !== 'object' || data === null) return {};
  return Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
