import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from './parse.ts';
import { shownValue } from './shown-value.ts';

test('a single value is shown as it stands there, a long one by its beginning', () => {
  const raw = { spec: { port: 99999, flag: true, name: 'a\nb', long: 'x'.repeat(5000), list: [1], map: {} } };
  assert.deepEqual(
    ['port', 'flag', 'name', 'list', 'map', 'gone'].map((key) => shownValue(raw, ['spec', key])),
    ['99999', 'true', '"a\\nb"', undefined, undefined, undefined],
  );
  assert.equal(shownValue(raw, ['spec', 'long']), JSON.stringify(`${'x'.repeat(40)}...`));
});

test('what may be a secret is never shown', () => {
  const secret = 'hunter2';
  const raw = {
    spec: {
      containers: {
        main: { variables: { DB_URL: secret, x: { value: secret } }, files: { '/a': { content: secret } } },
      },
      params: { root: secret },
      apiToken: secret,
      password: [secret],
      secretName: { deep: secret },
    },
  };
  const walk = (value: unknown, path: readonly (string | number)[]): void => {
    assert.doesNotMatch(shownValue(raw, path) ?? '', /hunter2/, path.join('.'));
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  walk(raw, []);
});

test('an invalid value is named by its finding', () => {
  const parsed = parseObject({
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: { app: 'web' } }, service: { ports: { http: { port: 99999 } } } },
  });
  assert.deepEqual(parsed.ok ? [] : parsed.issues.map(({ message }) => message), ['from 1 to 65535, found 99999']);
});

test('a null where nothing can be meant but nothing is an empty one; where it would widen it is refused', () => {
  const service = (spec: object): boolean =>
    parseObject({
      apiVersion: 'lattice.dev/v1alpha1',
      kind: 'LatticeService',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    }).ok;
  assert.equal(service({ resources: null }), true);
  assert.equal(service({ services: null }), false);
  assert.equal(service({ service: null }), false);
  assert.equal(service({ resources: { cart: { ports: null } } }), false);
});
