import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RESULT_SCHEMAS } from '../../src/cli/result-schemas.ts';
import { lattice } from '../cli/testing.ts';
import { root } from '../docs/page.ts';

const example = (name: string): string => join(root, 'examples/peering', name);
const examples = globSync('examples/peering/*/peering.yaml', { cwd: root }).map((file) => file.split('/')[2] ?? '');
const crd = (shape: string): string =>
  join(root, '../shared/data/crds', shape, 'networking.liqo.io_firewallconfigurations.yaml');

test('there is an example for each thing that a peering can say', () => {
  assert.deepEqual(examples.toSorted(), [
    'consumer',
    'namespaces',
    'private-subnets',
    'provider',
    'quick-start',
    'several-peerings',
  ]);
});

for (const name of examples) {
  test(`${name} compiles for the node agent and for a Liqo with named sets`, async () => {
    const nft = await lattice(['peering', 'compile', example(name), '--enforcer', 'nft', '-o', 'json']);
    assert.equal(nft.code, 0, nft.stderr);
    assert.match(nft.stdout, /"kind": "FabricProgram"/);
    const liqo = await lattice(['peering', 'compile', example(name), '--liqo', 'sets', '-o', 'json']);
    assert.equal(liqo.code, 0, liqo.stderr);
    assert.match(liqo.stdout, /"ctstate"/);
  });

  test(`${name} is refused for stock Liqo, which would drop replies: exit 1, no object, the two ways out`, async () => {
    const stock = await lattice(['peering', 'compile', example(name), '-o', 'json']);
    assert.equal(stock.code, 1);
    assert.deepEqual(JSON.parse(stock.stdout), { apiVersion: 'v1', kind: 'List', items: [] });
    assert.match(stock.stderr, /error PeeringUnsupported: .*spec\.rules\[\d\]: rule \S+ .*ctstate/);
    assert.match(stock.stderr, /--enforcer nft.*--liqo sets/);
  });
}

test('explain names the rule that decides, its members and the line of nftables; the exit code is the answer', async () => {
  const allowed = await lattice([
    'peering',
    'explain',
    '--from',
    'demo-rome/web',
    '--to',
    'pod:demo-rome/api',
    example('provider'),
    '-o',
    'json',
  ]);
  assert.equal(allowed.code, 0);
  const answer = RESULT_SCHEMAS.PeeringExplainResult.parse(JSON.parse(allowed.stdout));
  assert.equal(answer.verdict, 'allowed');
  assert.deepEqual(answer.flows[0]?.programs[0]?.rule, 2);
  const denied = await lattice([
    'peering',
    'explain',
    '--from',
    'demo-rome/web',
    '--to',
    '1.1.1.1',
    example('provider'),
  ]);
  assert.equal(denied.code, 1);
  assert.match(
    denied.stdout,
    /denied by rule 4 \(offloaded -> any: deny\)\n +nft: ip saddr @offloaded_ip4 counter drop comment "deny-4"/,
  );
});

test('with several peerings the one that drops is named', async () => {
  const { code, stdout } = await lattice([
    'peering',
    'explain',
    '--from',
    '10.62.0.7',
    '--to',
    'demo-rome/web',
    example('several-peerings'),
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /liqo-tenant-paris\/paris: denied by rule 1/);
  assert.match(stdout, /liqo-tenant-rome\/rome: allowed/);
});

test('simulate answers for every pair of parties, and its JSON has the documented shape', async () => {
  const { code, stdout } = await lattice(['peering', 'simulate', example('provider'), '-o', 'json']);
  assert.equal(code, 0);
  const { flows } = RESULT_SCHEMAS.PeeringSimulateResult.parse(JSON.parse(stdout));
  const find = (from: string, to: string) => flows.find((flow) => flow.from === from && flow.to === to)?.verdict;
  assert.equal(find('offloaded by rome', 'Internet'), 'denied');
  assert.equal(find('offloaded by rome', 'namespace kube-system'), 'allowed');
  assert.equal(find('other pod of rome', 'offloaded by rome'), 'allowed');
  assert.equal(find('other pod of rome', 'other local pod'), 'denied');
});

const peering = (rules: string, namespace = 'liqo-tenant-rome'): string =>
  `apiVersion: security.liqo.io/v1\nkind: PeeringConnectivity\nmetadata: {name: rome, namespace: ${namespace}}\nspec: {rules: ${rules}}\n`;

test('lint finds rules that never decide, reach the whole cluster, miss the external CIDR or cut DNS', async () => {
  const rules =
    '[{source: {group: offloaded}, action: deny}, {source: {group: offloaded}, destination: {namespace: a}, action: allow}, ' +
    '{destination: {group: vc-local}, action: deny}, {source: {group: remote-cluster}, action: deny}]';
  const { code, stdout } = await lattice(['peering', 'lint', '-', '-o', 'json'], peering(rules));
  assert.equal(code, 1);
  const { findings } = RESULT_SCHEMAS.PeeringLintResult.parse(JSON.parse(stdout));
  const found = findings.map((finding) => `${finding.code} ${String(finding.path?.[2] ?? '')}`.trim());
  assert.deepEqual(found.toSorted(), [
    'DenyCutsDns 0',
    'DenyMissesExternal 3',
    'GroupEmpty 0',
    'GroupEmpty 1',
    'GroupEmpty 2',
    'NetworkMissing',
    'RuleClusterWide 2',
    'RuleShadowed 1',
  ]);
});

test('lint finds a rule that is never asked as the cluster is now: by a group inside of another, or by several rules together', async () => {
  const shadowedBy = async (rules: string, name: string): Promise<readonly string[]> => {
    const cluster = join(example(name), 'cluster.yaml');
    const tenant = `liqo-tenant-${name === 'consumer' ? 'milan' : 'rome'}`;
    const { stdout } = await lattice(['peering', 'lint', '-', cluster, '-o', 'json'], peering(rules, tenant));
    const { findings } = RESULT_SCHEMAS.PeeringLintResult.parse(JSON.parse(stdout));
    return findings
      .filter(({ code }) => code === 'RuleShadowed')
      .map(({ path, severity, message }) => `${severity} ${String(path?.[2])} ${message}`);
  };
  const [turned = '', ...others] = await shadowedBy(
    '[{source: {group: remote-cluster}, action: deny}, {source: {group: vc-remote}, action: allow}]',
    'consumer',
  );
  assert.match(turned, /^warning 1 never decides: rule 0 \(remote-cluster -> any: deny\) now matches/);
  assert.deepEqual(others, []);
  const party = (name: string) => `{source: {${name}}, destination: {group: offloaded}, action: deny}`;
  const [together = ''] = await shadowedBy(
    `[${party('group: local-cluster')}, ${party('group: remote-cluster')}, {source: {group: private-subnets}, destination: {group: offloaded}, action: allow}, ${party('group: offloaded')}]`,
    'provider',
  );
  assert.match(together, /^info 3 never decides: rule 0 \(local-cluster -> offloaded: deny\) now/);
  assert.deepEqual(
    await shadowedBy(
      '[{source: {group: vc-remote}, action: allow}, {source: {group: remote-cluster}, action: deny}]',
      'consumer',
    ),
    [],
  );
});

test('where a peering is refused nobody knows what passes, unless another denies it', async () => {
  const both = `${peering('[]', 'default')}---\n${peering('[{source: {group: private-subnets}, action: deny}]')}`;
  const { code, stdout } = await lattice(['peering', 'simulate', '-', '-o', 'json'], both);
  assert.equal(code, 1);
  const { flows } = RESULT_SCHEMAS.PeeringSimulateResult.parse(JSON.parse(stdout));
  assert.deepEqual(
    flows.map(({ from, to, verdict }) => `${from} -> ${to}: ${verdict}`),
    [
      'private address -> private address: denied',
      'private address -> Internet: denied',
      'Internet -> private address: undecided',
      'Internet -> Internet: undecided',
    ],
  );
});

test('a wrong namespace is refused with the right one; inputs without a peering, and unknown pods, are bad usage', async () => {
  const wrong = await lattice(['peering', 'compile', '-'], peering('[]', 'default'));
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /ClusterIDExtractionFailed.*\n.*liqo-tenant-<cluster-id>/);
  assert.equal((await lattice(['peering', 'compile', '-'], '')).code, 2);
  assert.equal((await lattice(['peering', 'lint', '-'], peering('[{source: {group: offloaded}}]'))).code, 2);
  const nobody = await lattice(['peering', 'explain', '--from', 'a/b', '--to', '1.1.1.1', '-'], peering('[]'));
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /no such pod among the inputs/);
  assert.equal((await lattice(['peering'])).code, 2);
});

test('output is the same to the byte whatever the order of the input', async () => {
  const text = ['peering.yaml', 'cluster.yaml'].map((file) =>
    readFileSync(join(example('several-peerings'), file), 'utf8'),
  );
  const documents = text.join('---\n').split(/^---\n/m);
  for (const enforcer of ['nft', 'liqo']) {
    const argv = ['peering', 'compile', '-', '--enforcer', enforcer, '--liqo', 'sets'];
    const one = await lattice(argv, documents.join('---\n'));
    assert.equal(one.code, 0, one.stderr);
    assert.equal((await lattice(argv, documents.toReversed().join('---\n'))).stdout, one.stdout);
  }
});

const skip = globSync(crd('liqo')).length > 0 ? false : 'no CRDs of Liqo beside LATTICE_DATA';
test('the installed CRD among the inputs says which Liqo is meant', { skip }, async () => {
  const argv = ['peering', 'compile', example('provider')];
  assert.equal((await lattice([...argv, crd('liqo')])).code, 1);
  assert.equal((await lattice([...argv, crd('liqo-sets')])).code, 0);
});
