import {
  at,
  type Client,
  type Clock,
  createWatch,
  type KubeError,
  only,
  untyped,
  type Watch,
} from '../../kube/index.ts';

/** Whether a kind can be read and written: its definition is served at the version that is used, and stays. */
export type Serving = 'absent' | 'served' | 'ending';

const DEFINITION = untyped({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});

export interface FollowOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  /** Hears each change of what is known; the first answer of all is in `serving()` when `synced` resolves. */
  readonly onChange: (serving: Serving) => void;
  readonly onTrouble: (error: KubeError) => void;
}

export interface Followed {
  readonly watch: Watch<Serving>;
  serving(): Serving;
}

/** Follows the CustomResourceDefinition `name`, so that engines may be installed and removed while the operator runs. */
export function followDefinition(name: string, version: string, options: FollowOptions): Followed {
  let last: Serving = 'absent';
  const watch = createWatch<Serving>(options.client, {
    kind: DEFINITION,
    fieldSelector: `metadata.name=${name}`,
    projection: {
      mask: only('metadata.deletionTimestamp', 'spec.versions.name', 'spec.versions.served', 'status.conditions'),
      of: (object) => servingOf(object, version),
    },
    onChange: (change) => {
      last = change.kind === 'deleted' ? 'absent' : change.after;
      options.onChange(last);
    },
    onTrouble: options.onTrouble,
    clock: options.clock,
    random: options.random,
  });
  return { watch, serving: () => last };
}

/** Asks the server itself, for decisions that must not trust a cache. */
export async function fetchServing(
  client: Client,
  name: string,
  version: string,
  signal: AbortSignal,
): Promise<Serving> {
  const object = await client.find(DEFINITION, { name }, { signal });
  return object ? servingOf({ ...object }, version) : 'absent';
}

function servingOf(object: Readonly<Record<string, unknown>>, version: string): Serving {
  if (at(object, 'metadata', 'deletionTimestamp') !== undefined) return 'ending';
  const established = listOf(at(object, 'status', 'conditions')).some(
    (condition) => at(condition, 'type') === 'Established' && at(condition, 'status') === 'True',
  );
  const served = listOf(at(object, 'spec', 'versions')).some(
    (each) => at(each, 'name') === version && at(each, 'served') === true,
  );
  return established && served ? 'served' : 'absent';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
