// Rollouts as the operator sees them: declarations change at once, pods come and go slowly. Judged by the evaluators.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LatticeService } from '../../src/api/index.ts';
import type { Fact, ServiceGraph, Workload } from '../../src/graph/index.ts';
import { FlowJudge } from '../../src/verify/index.ts';
import { CLUSTER, type Setup, SETUPS, worldOf } from '../prove/support.ts';
import { openDesk, replay } from './desk.ts';

const ACCOUNTS = ['x', 'y', 'z'] as const;
const PORTS = [8080, 9090] as const;

/** What is declared of a caller and a callee, which pods of theirs live, and where the Service sends its callers. */
interface Scene {
  readonly account: string;
  readonly target: number;
  readonly callers: ReadonlySet<string>;
  readonly callees: ReadonlySet<number>;
  readonly route: number;
}

type Step =
  | { readonly kind: 'declare account' | 'caller comes' | 'caller goes'; readonly account: string }
  | { readonly kind: 'declare port' | 'callee comes' | 'callee goes' | 'route'; readonly port: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('declare account' as const, 'caller comes' as const, 'caller goes' as const),
    account: fc.constantFrom(...ACCOUNTS),
  }),
  fc.record({
    kind: fc.constantFrom('declare port' as const, 'callee comes' as const, 'callee goes' as const, 'route' as const),
    port: fc.constantFrom(...PORTS),
  }),
);

const FIRST: Scene = { account: 'x', target: 8080, callers: new Set(['x']), callees: new Set([8080]), route: 8080 };

function after(scene: Scene, each: Step): Scene {
  switch (each.kind) {
    case 'declare account':
      return { ...scene, account: each.account };
    case 'declare port':
      return { ...scene, target: each.port };
    case 'caller comes':
      return { ...scene, callers: scene.callers.union(new Set([each.account])) };
    case 'caller goes':
      return { ...scene, callers: scene.callers.difference(new Set([each.account])) };
    case 'callee comes':
      return { ...scene, callees: scene.callees.union(new Set([each.port])) };
    case 'callee goes':
      return { ...scene, callees: scene.callees.difference(new Set([each.port])) };
    case 'route':
      return { ...scene, route: each.port };
  }
}

function declared(name: string, spec: LatticeService['spec']): LatticeService {
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { namespace: 'n', name },
    spec: { selector: { matchLabels: { app: name } }, ...spec },
  };
}

const callerOf = ({ account }: Scene) => declared('a', { serviceAccount: account, resources: { b: {} } });
const calleeOf = ({ target }: Scene) =>
  declared('b', {
    serviceAccount: 'b',
    service: { ports: { http: { port: 80, targetPort: target } } },
    resources: { a: { direction: 'inbound' } },
  });
const pod = (app: string, account: string, port: number | undefined): Fact => ({
  kind: 'pod',
  id: `Pod n/${app}-${account}-${port ?? ''}`,
  namespace: 'n',
  labels: { app },
  account,
  hostNetwork: false,
  ports: port === undefined ? [] : [{ name: '', port, protocol: 'TCP' }],
  dataplane: undefined,
});
const routeOf = ({ route }: Scene): Fact => ({
  kind: 'service',
  key: 'n/b',
  namespace: 'n',
  name: 'b',
  selector: { app: 'b' },
  headless: false,
  hidesCallers: false,
  ports: [{ name: 'http', port: 80, targetPort: route, protocol: 'TCP' }],
  waypoint: undefined,
});
const podsOf = ({ callers, callees }: Scene): readonly Fact[] => [
  ...[...callers].map((account) => pod('a', account, undefined)),
  ...[...callees].map((port) => pod('b', 'b', port)),
];
const idOf = (fact: Fact): string => (fact.kind === 'pod' ? fact.id : '');

function workload(graph: ServiceGraph, key: string): Workload {
  const found = graph.state.workloads.get(key);
  assert.ok(found, key);
  return found;
}

const targetsOf = (graph: ServiceGraph): ReadonlySet<number> =>
  new Set(workload(graph, 'n/b').ports.flatMap(({ targetPorts }) => targetPorts));
const accountsOf = (graph: ServiceGraph): ReadonlySet<string> => new Set(workload(graph, 'n/a').accounts);

for (const setup of SETUPS) {
  test(`a flow between living pods stays open at every moment of a rollout, and an account that left is closed (${setup.engines.join(' and ')}, mesh ${setup.mesh})`, async () => {
    const seen = { open: 0, closed: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 8 }),
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        async (steps, picks) => {
          let next = 0;
          const pick = (below: number): number => (picks[next++ % picks.length] ?? 0) % below;
          const inputs = [callerOf(FIRST), calleeOf(FIRST), routeOf(FIRST), ...podsOf(FIRST)];
          const desk = openDesk(setup, inputs, { live: true });
          await desk.work(pick);
          let scene = FIRST;
          for (const each of steps) {
            const before = { scene, accounts: accountsOf(desk.graph()), targets: targetsOf(desk.graph()) };
            const from = desk.writes.length;
            scene = after(scene, each);
            for (const input of [callerOf(scene), calleeOf(scene), routeOf(scene), ...podsOf(scene)]) desk.put(input);
            const living = new Set(podsOf(scene).map(idOf));
            for (const gone of podsOf(before.scene)) {
              if (!living.has(idOf(gone))) desk.remove({ kind: 'fact', id: idOf(gone) });
            }
            await desk.work(pick);
            const accounts = accountsOf(desk.graph());
            const targets = targetsOf(desk.graph());
            for (const account of scene.callers)
              assert.ok(accounts.has(account), `${account} lives and is not admitted`);
            assert.ok(targets.has(scene.target), 'the declared port is not open');
            if (scene.callees.has(scene.route))
              assert.ok(targets.has(scene.route), 'the port that callers are sent to');

            const judged = judgeOf(setup, desk.graph());
            for (let at = from; at <= desk.writes.length; at++) {
              const verdict = judged(replay(desk.writes.slice(0, at)));
              for (const account of ACCOUNTS) {
                for (const port of PORTS) {
                  const where = `account ${account}, port ${port}, after write ${at} of ${from}..${desk.writes.length} (${each.kind})`;
                  if (!before.targets.has(port) || !targets.has(port)) continue;
                  const lives = before.scene.callers.has(account) && scene.callers.has(account);
                  if (lives) {
                    assert.equal(verdict(account, port), 'allowed', where);
                    seen.open++;
                  } else if (!before.accounts.has(account) && !accounts.has(account) && seesAccounts(setup)) {
                    assert.equal(verdict(account, port), 'denied', where);
                    seen.closed++;
                  }
                }
              }
            }
          }
        },
      ),
      { numRuns: 30 },
    );
    assert.ok(seen.open > 50 && (seen.closed > 50 || !seesAccounts(setup)), JSON.stringify(seen));
  });
}

/** NetworkPolicy alone knows labels only. */
function seesAccounts({ engines }: Setup): boolean {
  return engines.some((engine) => engine !== 'kubernetes');
}

function judgeOf(setup: Setup, graph: ServiceGraph) {
  const { claim } = worldOf([], setup);
  const [from, to] = [workload(graph, 'n/a'), workload(graph, 'n/b')];
  const end = (service: Workload, app: string, account: string) =>
    ({
      service,
      party: {
        kind: 'pod',
        id: service.key,
        namespace: 'n',
        labels: { app },
        account,
        cluster: CLUSTER,
        mesh: setup.mesh,
        namedPorts: {},
      },
    }) as const;
  return (objects: readonly unknown[]) => {
    const judge = new FlowJudge({ ...claim, graph, objects });
    return (account: string, port: number) =>
      judge.judge(end(from, 'a', account), end(to, 'b', 'b'), { service: 80, target: port, protocol: 'TCP' }).verdict;
  };
}
