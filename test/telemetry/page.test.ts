import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPage, root } from '../docs/page.ts';

test('docs/metrics.md names every metric of the operator, its type and its labels, and no other', () => {
  const registered = globSync('src/operator/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8').replace(/\s+/g, ' ');
      const found = text.matchAll(/(counter|gauge|histogram|PromCounter)\(\{ name: '(lattice_\w+)',([^}]*)\}/gi);
      return [...found].map(([, type = '', name = '', rest = '']) => {
        const labels = [...(/label(?:s|Names): \[([^\]]*)\]/.exec(rest)?.[1] ?? '').matchAll(/'(\w+)'/g)];
        return `${name} ${type.replace('Prom', '').toLowerCase()} ${labels.map(([, label]) => label).join()}`.trim();
      });
    });
  const documented = [...readPage('docs/metrics.md').matchAll(/^\| `(lattice_\w+)` \| (\w+) \| ([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => `${name} ${type} ${labels.replace(/[` ]/g, '')}`.trim(),
  );
  assert.ok(registered.length > 10);
  assert.deepEqual([...new Set(registered)].sort(), documented.toSorted());
});
