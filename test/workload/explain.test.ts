import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lattice } from '../cli/testing.ts';

const service = (name: string, resource: string) => `
---
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: ${name}, namespace: shop}
spec:
  containers: {app: {image: i}}
  resources: {db: {${resource}}}`;
const resourceClass = (spec: string) => `
---
apiVersion: lattice.dev/v1alpha1
kind: LatticeResourceClass
metadata: {name: pg}
spec: {type: postgres, class: production, ${spec}}`;
const OUTPUTS =
  'outputs: {host: {value: h}, port: {value: 5432}, database: {value: d}, username: {value: u}, password: {secret: {name: s, key: k}}}';
const TEMPLATE = `template: {objects: [{apiVersion: a.io/v1, kind: A, metadata: {name: a}}], pods: {selector: {matchLabels: {db: a}}, service: {ports: {sql: {port: 5432}}}}}, ${OUTPUTS}`;
const WAYS = {
  embedded: { spec: 'embedded: {}', to: 'shop/orders-db' },
  template: { spec: TEMPLATE, to: 'shop/orders-db' },
  endpoint: { spec: `endpoint: {url: "tcp://db.example.com:5432"}, ${OUTPUTS}`, to: 'external:shop/orders-db' },
} as const;
const ASKS = 'type: postgres, class: production';

for (const [way, { spec, to }] of Object.entries(WAYS)) {
  test(`explain knows what a class makes (${way}): who asks may call, who does not is told how to share it, and that is true`, async () => {
    const explain = (from: string, text: string) =>
      lattice(['explain', from, `${to}:5432`, '-', '--engine', 'cilium'], text);
    const orders = service('orders', ASKS) + resourceClass(spec);
    const own = await explain('shop/orders', orders);
    assert.equal(own.code, 0, own.stdout + own.stderr);
    assert.match(own.stdout, /cilium-egress +allowed/);

    const other = await explain('shop/report', orders + service('report', 'id: elsewhere'));
    assert.equal(other.code, 1);
    assert.match(other.stdout, /is what LatticeResourceClass pg makes for shop\/orders, entry db/);
    const line = /write "db: \{(.*)\}"/.exec(other.stdout)?.[1] ?? '';
    assert.match(line, /id: orders-db/);

    const both = resourceClass(spec) + service('orders', line) + service('report', line);
    for (const name of ['shop/orders', 'shop/report']) {
      const shared = await explain(name, both);
      assert.equal(shared.code, 0, shared.stdout + shared.stderr);
    }
    const third = await explain('shop/third', both + service('third', 'id: elsewhere'));
    assert.equal(third.code, 1);
    assert.match(third.stdout, /in LatticeService shop\/third, under/);
  });
}

test('what nothing makes is named with who asks for it', async () => {
  const { code, stderr } = await lattice(['explain', 'orders', 'orders-db', '-'], service('orders', ASKS));
  assert.equal(code, 2);
  assert.match(stderr, /shop\/orders, entry db, asks for a postgres of class production, and no LatticeResourceClass/);
});
