import type { Labels, ServiceGraph, UnitKey, Workload } from '../../graph/index.ts';
import { idOf, type KindName, refOf, sleep, work, workQueue } from '../../kube/index.ts';
import type { Compiled } from '../../policy/index.ts';
import { attachmentOf, type Claim } from '../../verify/index.ts';
import type { Scope } from '../tasks.ts';
import type { ForeignObject } from './foreign-object.ts';
import { judgeService } from './judge-service.ts';
import { ALONE, type Opinion } from './opinion.ts';
import { type ForeignPolicy, type PolicyBook, policyBook } from './policy-book.ts';
import { watchForeign } from './watch-foreign.ts';

/** What the engines' own configuration says that changes a verdict. */
export type EngineSettings = Pick<Claim, 'enforcement' | 'everyCluster' | 'rootNamespace'>;

/** Follows the policies of other authors, and knows at whose doors they open or close something. */
export interface Foreign {
  /** Resolves when every cache holds the initial state, or may not be read. */
  readonly synced: Promise<void>;
  /** A policy of a kind that Lattice writes, which it did not write; undefined when it is gone. */
  put(kind: KindName, key: string, object: ForeignObject | undefined): void;
  opinion(key: string): Opinion;
  /** The service's own objects or agreements changed. */
  touch(key: string): void;
  /** Pods with these labels came, went or changed. */
  touchPods(namespace: string, labels: Labels): void;
  /** The graph was built, or the engines are configured differently. */
  begin(): void;
  /** Whether nothing is left to be judged that is known of. */
  idle(): boolean;
  /** Resolves after `stopping` or `signal`. */
  run(): Promise<void>;
}

export interface ForeignOptions extends Scope {
  readonly graph: () => ServiceGraph;
  readonly compile: (unit: UnitKey) => Compiled;
  readonly settings: () => EngineSettings;
  /** Whether there is more urgent work. */
  readonly busy: () => boolean;
  /** What is known of this service changed. */
  readonly onOpinion: (key: string) => void;
}

interface Judged {
  readonly opinion: Opinion;
  /** The policies that it is about. */
  readonly policies: readonly ForeignPolicy[];
}

/** Urgent work goes first, but not for ever. */
const PATIENCE_MS = 500;
const CALM_MS = 20;
const DEFAULT_ROOT = 'istio-system';

export function openForeign(options: ForeignOptions): Foreign {
  const { context, tasks, signal, graph } = options;
  const { clock, random, log } = context;
  const objects = new Map<string, { readonly kind: KindName; readonly key: string; readonly object: ForeignObject }>();
  const namespaceLabels = new Map<string, Labels>();
  const judged = new Map<string, Judged>();
  /** Services that are to be judged, and whether although the same policies have a say. */
  const waiting = new Map<string, 'anyway' | 'if others'>();
  const queue = workQueue({ clock, random });
  let book: PolicyBook | undefined;
  const seconds = context.metrics.histogram({
    name: 'lattice_foreign_judgement_duration_seconds',
    help: "Judging what policies of other authors do at one service's doors.",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  });

  const claim = (): Omit<Claim, 'objects' | 'about'> => ({ graph: graph(), ...context.compile, ...options.settings() });
  const ask = (key: string, why: 'anyway' | 'if others'): void => {
    if (waiting.get(key) !== 'anyway') waiting.set(key, why);
    queue.add(key, { priority: 'background' });
  };
  const reaching = (service: Workload | undefined): readonly ForeignPolicy[] =>
    service && service.mode === 'enforce'
      ? (book?.reaching(service, graph(), namespaceLabels.get(service.namespace) ?? {}) ?? [])
      : [];
  const policyOf = (id: string): ForeignPolicy | undefined => {
    const known = objects.get(id);
    if (!known) return undefined;
    const { namespace = '' } = refOf(known.key);
    return { id, namespace, object: known.object, attachment: attachmentOf(known.object, claim()) };
  };
  /** Services where the policy may have a say, or had. */
  const around = ({ id, namespace }: ForeignPolicy, root: string): readonly string[] => {
    const { state } = graph();
    const had = [...judged].flatMap(([key, { policies }]) => (policies.some((each) => each.id === id) ? [key] : []));
    if (namespace === '' || namespace === root) return [...had, ...state.workloads.keys()];
    const fronted = [...state.workloads.values()].flatMap(({ key, waypoint }) =>
      waypoint?.namespace === namespace ? [key] : [],
    );
    return [...had, ...state.members.get(namespace), ...fronted];
  };
  const put: Foreign['put'] = (kind, key, object) => {
    const id = idOf(kind, refOf(key));
    const before = policyOf(id);
    if (!object && !before) return;
    if (object) objects.set(id, { kind, key, object });
    else objects.delete(id);
    if (!book) return;
    const after = policyOf(id);
    if (after) book.put(after);
    else book.delete(id);
    const root = options.settings().rootNamespace ?? DEFAULT_ROOT;
    for (const each of new Set([before, after].flatMap((policy) => (policy ? around(policy, root) : [])))) {
      const had = judged.get(each)?.policies.some((policy) => policy.id === id);
      if (had || reaching(graph().state.workloads.get(each)).some((policy) => policy.id === id)) ask(each, 'anyway');
    }
  };
  const watches = watchForeign({
    context,
    tasks,
    signal,
    onPolicy: put,
    onNamespace(name, labels) {
      namespaceLabels.set(name, labels);
      if (book && !book.isEmpty()) for (const key of graph().state.members.get(name)) ask(key, 'if others');
    },
  });
  const judge = (key: string): void => {
    const why = waiting.get(key);
    waiting.delete(key);
    const policies = reaching(graph().state.workloads.get(key));
    const before = judged.get(key);
    const same =
      policies.length === before?.policies.length && policies.every((each, at) => each === before.policies[at]);
    if (why === 'if others' && same) return;
    const began = clock.monotonic();
    const opinion =
      policies.length === 0 ? ALONE : judgeService(key, policies, { claim: claim(), compile: options.compile });
    seconds.observe((clock.monotonic() - began) / 1000);
    if (policies.length === 0) judged.delete(key);
    else judged.set(key, { opinion, policies });
    if (JSON.stringify(before?.opinion ?? ALONE) === JSON.stringify(opinion)) return;
    log.info('foreign policies: judged', { service: key, policies: policies.length, ...saidOf(opinion) });
    options.onOpinion(key);
  };
  return {
    synced: watches.synced,
    put,
    opinion(key) {
      const [what] = watches.unreadable();
      if (what !== undefined) return { kind: 'unreadable', what };
      const known = judged.get(key)?.opinion;
      if (known) return known;
      return reaching(graph().state.workloads.get(key)).length > 0 ? { kind: 'pending' } : ALONE;
    },
    touch(key) {
      if (book && (!book.isEmpty() || judged.has(key))) ask(key, 'anyway');
    },
    touchPods(namespace, labels) {
      if (!book || book.isEmpty()) return;
      for (const key of graph().state.selectors.selecting(namespace, labels)) ask(key, 'if others');
    },
    begin() {
      const { rootNamespace = DEFAULT_ROOT } = options.settings();
      book = policyBook(rootNamespace);
      for (const id of objects.keys()) {
        const policy = policyOf(id);
        if (policy) book.put(policy);
      }
      if (objects.size > 0) for (const key of graph().state.workloads.keys()) ask(key, 'anyway');
    },
    idle: () => waiting.size === 0,
    async run() {
      try {
        await work({
          queue,
          workers: 1,
          async reconcile(key, call) {
            const until = clock.monotonic() + PATIENCE_MS;
            // Other work gets its turn between any two.
            await sleep(clock, 1, call);
            while (options.busy() && clock.monotonic() < until) await sleep(clock, CALM_MS, call);
            judge(key);
            return undefined;
          },
          onError: (key, error) => log.warn('foreign policies: not judged', { service: key, error }),
          stopping: context.stopping,
          signal,
        });
      } finally {
        queue.close();
      }
    },
  };
}

function saidOf(opinion: Opinion): { readonly found?: readonly string[] } {
  if (opinion.kind !== 'judged' || opinion.findings.length === 0) return {};
  return {
    found: opinion.findings.map(({ code, object }) => `${code} ${object?.kind} ${object?.namespace}/${object?.name}`),
  };
}
