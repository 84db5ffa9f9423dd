import assert from 'node:assert/strict';
import { test } from 'node:test';
import { istio } from './index.ts';
import { targetChunks } from './target-chunk.ts';
import { atPods, atWaypoint, policies } from './testing/read.ts';
import { link, OPTIONS, view, WAYPOINT, workload } from './testing/views.ts';

function hub(callers: number, more: Parameters<typeof workload>[1] = {}) {
  const inbound = Array.from({ length: callers }, (_, index) =>
    link(
      `namespace-${index % 97}/a-service-with-a-name-${String(index).padStart(5, '0')}`,
      index % 3 === 0 ? '80' : '81',
    ),
  );
  return istio().service(view(workload('shop/hub', more), { inbound }), OPTIONS);
}

function principalsOf(compiled: ReturnType<typeof hub>): ReadonlyMap<string, string> {
  return new Map(
    policies(compiled).flatMap(({ name, rules }) =>
      rules.flatMap(({ from, to }) => {
        const { source } = from[0];
        const names = 'principals' in source ? source.principals : [];
        return names.map((principal) => [`${principal} ${to[0].operation.ports.join()}`, name] as const);
      }),
    ),
  );
}

test('a hub with 7,500 callers is spread over policies of less than 150,000 bytes, each caller in exactly one', () => {
  for (const compiled of [hub(7500), hub(7500, { waypoint: WAYPOINT, direct: true })]) {
    assert.deepEqual(compiled.findings, []);
    assert.ok(policies(compiled).length > 4);
    for (const { object } of compiled.drafts) assert.ok(JSON.stringify(object).length < 150_000);
    const names = policies(compiled).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const door of [atPods(compiled), atWaypoint(compiled)]) {
      if (door.length === 0) continue;
      const callers = door.flatMap(({ rules }) =>
        rules.flatMap(({ from: [{ source }] }) => ('principals' in source ? source.principals : [])),
      );
      assert.equal(callers.filter((caller) => !caller.endsWith('/waypoint')).length, 7500);
      assert.equal(new Set(callers).size, callers.length);
    }
  }
});

test('a caller that comes or goes moves no other caller between policies', () => {
  const before = principalsOf(hub(7500));
  const after = principalsOf(hub(7501));
  assert.equal(after.size, before.size + 1);
  for (const [caller, policy] of before) assert.equal(after.get(caller), policy);
});

test('policies of another division have other names, so that both may stand while one replaces the other', () => {
  const small = new Set(policies(hub(2500)).map(({ name }) => name));
  const large = policies(hub(7500)).map(({ name }) => name);
  assert.ok(small.size < large.length);
  assert.deepEqual(
    large.filter((name) => small.has(name)),
    [],
  );
});

test('a share that no caller falls into is no policy of its own', () => {
  const callers = ['a/x', 'b/x', 'c/x', 'd/x', 'e/x'].map((key) =>
    workload(key, { accounts: Array.from({ length: 1500 }, (_, index) => `a-rather-long-account-name-${index}`) }),
  );
  const compiled = istio().service(
    view(workload('shop/hub'), { inbound: callers.map((each) => link(each, '80')) }),
    OPTIONS,
  );
  assert.ok(policies(compiled).length > 1 && policies(compiled).length <= callers.length);
  for (const { hasRules } of policies(compiled)) assert.ok(hasRules);
});

test('more callers than 256 policies hold are all refused, and the service stays closed', () => {
  const accounts = Array.from({ length: 2000 }, (_, index) => `${'account-'.repeat(20)}${index}`);
  const compiled = istio().service(
    view(workload('shop/hub'), { inbound: [link(workload('a/b', { accounts }), '80')] }),
    OPTIONS,
  );
  assert.deepEqual(
    policies(compiled).map(({ hasRules }) => hasRules),
    [false],
  );
  assert.deepEqual(
    compiled.findings.map(({ code, severity }) => `${severity} ${code}`),
    ['error PolicyTooLarge'],
  );
});

test('every Service is in exactly one group of at most 16, for any number of them, and no group is empty', () => {
  for (const count of [1, 16, 17, 18, 33, 200, 900]) {
    const names = Array.from({ length: count }, (_, index) => `svc-${index}`);
    const chunks = targetChunks(names) ?? [];
    assert.deepEqual(chunks.flatMap((chunk) => chunk.names).sort(), names.sort());
    for (const chunk of chunks) assert.ok(chunk.names.length > 0 && chunk.names.length <= 16);
    assert.equal(new Set(chunks.map(({ suffix }) => suffix)).size, chunks.length);
    if (count <= 16) assert.deepEqual(chunks, [{ suffix: '', names }]);
  }
});

test('exactly 512 rules, the limit, are one policy', () => {
  const inbound = Array.from({ length: 512 }, (_, index) => link(`shop/caller-${index}`, String(1000 + index)));
  assert.equal(policies(istio().service(view(workload('shop/hub'), { inbound }), OPTIONS)).length, 1);
});

test('more Services than 256 groups of 16 hold close both doors, instead of opening the one behind the waypoint', () => {
  const services = Array.from({ length: 5000 }, (_, index) => `svc-${index}`);
  const compiled = istio().service(
    view(workload('shop/hub', { services, waypoint: WAYPOINT }), { inbound: [link('shop/web', '80')] }),
    OPTIONS,
  );
  assert.deepEqual(
    policies(compiled).map(({ hasRules, matchLabels }) => [hasRules, matchLabels]),
    [[false, { app: 'hub' }]],
  );
  assert.deepEqual(
    compiled.findings.map(({ code }) => code),
    ['PolicyTooLarge'],
  );
});
