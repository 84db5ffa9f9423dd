import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lattice } from '../cli/testing.ts';
import { readPage, root } from './page.ts';

const CODE = '([A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)?)';

/** How sources write a code: as a field, before a severity, as an argument of a reporting function, or in a table of them. */
const FORMS = [
  new RegExp(`'${CODE}', '(?:error|warning|info)'`, 'g'),
  new RegExp(`\\b(?:about\\w*|finding\\w*)\\( ?[\\w.]+, '${CODE}'`, 'g'),
  new RegExp(`\\breport\\( ?\\w+, '${CODE}'`, 'gi'),
  new RegExp(`'(?:error|warning|info)', '${CODE}'`, 'g'),
  new RegExp(`\\b${CODE}: \\[ ?'[^']* [^']*'`, 'g'),
];

/** Every finding code that the sources of the command line can make. */
function codesIn(sources: readonly string[]): Set<string> {
  const codes = new Set<string>();
  for (const source of sources) {
    const text = source.replace(/\s+/g, ' ');
    for (const form of FORMS) for (const [, code = ''] of text.matchAll(form)) codes.add(code);
    for (const [, value = ''] of text.matchAll(/\bcode: ([^,;{}]*)/g))
      for (const [, code = ''] of value.replace(/=== '[^']*'/g, '').matchAll(new RegExp(`'${CODE}'`, 'g')))
        codes.add(code);
  }
  return codes;
}

const sources = globSync('src/{api,graph,policy,verify,peering,workload,import,cli}/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts') && !file.includes('/testing/'))
  .map((file) => readFileSync(join(root, file), 'utf8'));
const documented = [...readPage('docs/findings.md').matchAll(/^### (\w+)$/gm)].map(([, code = '']) => code);

test('every finding code of the sources has a section in docs/findings.md, and every section a code', () => {
  const codes = codesIn(sources);
  assert.ok(codes.size > 60, `${codes.size} codes found`);
  assert.deepEqual([...codes].sort(), [...documented].sort());
});

test('every section says how serious the finding is, what it means and what to do', () => {
  const page = readPage('docs/findings.md');
  for (const code of documented) {
    const section = page.split(`\n### ${code}\n`)[1]?.split(/\n##/)[0] ?? '';
    assert.match(section, /^\n\*(error|warning|info)(, \w+)*\*[.:] /, code);
    assert.match(section, /\bFix:\s/, code);
  }
});

test('codes are read from every form in which sources write them', () => {
  const found = codesIn([
    "own.add(\n  'AaBb', 'error', x); { code: 'CcDd', severity }; code: a === 'ENOENT' ? 'EeFf' : 'GgHh',",
    "aboutService(self, 'IiJj', m); this.#report(entry, 'KkLl', s); const T = { MmNn: ['why so', 'fix'] };",
    "readonly code: 'OoPp' | 'QqRr'; about(\n  view,\n  'warning',\n  'SsTt', x)",
  ]);
  assert.deepEqual([...found].sort(), ['AaBb', 'CcDd', 'EeFf', 'GgHh', 'IiJj', 'KkLl', 'MmNn', 'OoPp', 'QqRr', 'SsTt']);
});

test('whatever the examples are found to have is documented', async () => {
  for (const example of globSync('examples/*', { cwd: root }).filter((each) => !each.endsWith('.md'))) {
    for (const engine of ['cilium,istio', 'istio', 'kubernetes']) {
      const { stdout } = await lattice(['lint', join(root, example), '--engine', engine, '-o', 'json']);
      for (const [, code = ''] of stdout.matchAll(/^ {6}"code": "(\w+)"/gm)) assert.ok(documented.includes(code), code);
    }
  }
});
