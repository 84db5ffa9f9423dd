// The engine for Liqo on a real API server: installed as its users are told, and at work under its own permissions and
// those of its node agent. Nothing is refused to them, and nothing is granted that they never use.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { whyNot } from '../../kernel/network.ts';
import { openScene, skip as lacksLiqo } from '../../peering/scene.ts';
import { objectsIn, root, runHelm, templateEngine } from '../rendered.ts';
import { type Grant, grantsOf, refused, unused } from './grants.ts';
import { livePeering } from './peering-life.ts';
import { lacksServer, type Server, startServer } from './server.ts';

const ENGINE = 'liqo-connectivity-engine';
const AGENT = `${ENGINE}-fabric-agent`;
/** The roles that an account is bound to. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  [ENGINE]: [ENGINE],
  [AGENT]: [AGENT, `${ENGINE}-fabric-canary`],
};
const PLACE = ['--namespace', 'liqo-system'];
const userOf = (account: string): string => `system:serviceaccount:liqo-system:${account}`;

suite('the engine for Liqo on a real API server', { skip: lacksServer !== false ? lacksServer : lacksLiqo }, () => {
  let server: Server;
  before(async () => {
    server = await startServer([
      // Without watches that begin with a list, as older servers are: then lists and watches are both asked for.
      '--feature-gates=WatchList=false',
      // As OpenShift has it: an owner is named only by who may hold its deletion up.
      '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
    ]);
  });
  after(() => server.close());

  test('helm installs it, and leaves the definitions behind when it takes it away', async () => {
    const helm = (args: readonly string[]): void => {
      const { code, stderr } = runHelm([...args, ...PLACE, '--kubeconfig', server.kubeconfig]);
      assert.equal(code, 0, stderr);
    };
    helm(['install', ENGINE, './dist/chart', '--create-namespace']);
    await server.established();
    server.must(['get', 'deployment', ENGINE, ...PLACE]);
    helm(['upgrade', ENGINE, './dist/chart', '--set', 'fabricAgent.enabled=true']);
    for (const name of [AGENT, `${ENGINE}-fabric-canary-a`, `${ENGINE}-fabric-canary-b`])
      server.must(['get', 'daemonset', name, ...PLACE]);
    helm(['uninstall', ENGINE, '--wait']);
    await server.established();
    assert.equal(server.kubectl(['get', 'deployment', ENGINE, ...PLACE]).code, 1);
    server.must(['delete', 'namespace', 'liqo-system']);
    server.must(['delete', 'crd', '--all']);
  });

  for (const [title, manifest] of [
    ['dist/install.yaml', () => readFileSync(join(root, 'dist/install.yaml'), 'utf8')],
    ['what helm renders of dist/chart', () => templateEngine({ namespace: { create: true } })],
  ] as const) {
    test(`kubectl apply takes ${title} from the client, strictly, and again without a change`, async () => {
      const apply = (): string => {
        const { code, stdout, stderr } = server.kubectl(['apply', '--validate=strict', '-f', '-'], manifest());
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stderr, /warning/i);
        return stdout;
      };
      apply();
      await server.established();
      const again = apply().trim().split('\n');
      assert.ok(again.length > 10);
      assert.deepEqual(
        again.filter((line) => !line.endsWith(' unchanged')),
        [],
      );
    });
  }

  const skip = whyNot() ?? false;
  test('its permissions, and those of its node agent, are enough and no more than enough for a life', {
    skip,
  }, async () => {
    const rendered = templateEngine({ namespace: { create: true }, fabricAgent: { enabled: true } });
    server.must(['apply', '--validate=strict', '-f', '-'], rendered);
    const scene = await openScene(server.cluster.access, 'liqo-sets');
    const asked = (account: string) => server.asked(userOf(account));
    try {
      await livePeering(server, scene, rendered);
    } catch (error) {
      const denied = [ENGINE, AGENT].flatMap((account) => refused(asked(account)));
      throw new Error([String(error), ...denied].join('\n'), { cause: error });
    } finally {
      await scene.close();
    }
    const roles = objectsIn(rendered).filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
    for (const [account, least] of [
      [ENGINE, 40],
      [AGENT, 10],
    ] as const) {
      assert.deepEqual(refused(asked(account)), []);
      const grants = roles.filter(({ metadata }) => ROLES[account]?.includes(metadata.name)).flatMap(grantsOf);
      assert.ok(grants.length >= least, `${account}: ${grants.length} grants`);
      assert.deepEqual(
        unused(grants, asked(account)).filter((grant) => !isHold(grant)),
        [],
      );
    }
    needsHold(server, roles);
  });
});

/** Asked by the API server itself, of its own authorizer: that is in no log. */
const isHold = ({ resource, verb }: Grant): boolean =>
  resource === 'peeringconnectivities/finalizers' && verb === 'update';

/** With the grant an owner can be named; without it, it cannot. */
function needsHold(server: Server, roles: ReturnType<typeof objectsIn>): void {
  const owner = {
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    name: 'rome',
    uid: '00000000-0000-4000-8000-000000000000',
    controller: true,
    blockOwnerDeletion: true,
  };
  const owned = JSON.stringify({
    apiVersion: 'networking.liqo.io/v1beta1',
    kind: 'FirewallConfiguration',
    metadata: { name: 'try', namespace: 'liqo-tenant-rome', ownerReferences: [owner] },
    spec: { table: { name: 'try', family: 'IPV4', chains: [] } },
  });
  const create = () => server.kubectl(['create', '--dry-run=server', '--as', userOf(ENGINE), '-f', '-'], owned);
  const { code, stderr } = create();
  assert.equal(code, 0, stderr);
  const role = roles.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === ENGINE);
  const rules: unknown = role && 'rules' in role ? role.rules : [];
  const without = (Array.isArray(rules) ? rules : []).filter((rule) => !JSON.stringify(rule).includes('/finalizers'));
  server.must(['replace', '-f', '-'], JSON.stringify({ ...role, rules: without }));
  assert.match(create().stderr, /cannot set blockOwnerDeletion/);
}
