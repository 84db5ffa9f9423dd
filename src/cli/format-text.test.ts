import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isLattice, parseObject } from '../api/index.ts';
import { mutate, randomFrom } from '../../test/soak/mutate.ts';
import { formatText } from './format-text.ts';
import { readObjects } from './io/index.ts';

const meaning = (text: string) =>
  readObjects([{ file: 'x', text }], 'default').objects.map(({ raw }) => (isLattice(raw) ? parseObject(raw) : raw));

test('formatting changes nothing that is read, and a second time changes nothing at all', () => {
  const corpus = ['agreement', 'external', 'manifests'].map((name) =>
    readFileSync(new URL(`../../test/cli/corpus/${name}.yaml`, import.meta.url), 'utf8'),
  );
  let formatted = 0;
  for (let seed = 1; seed <= 1500; seed++) {
    const text = mutate(corpus, randomFrom(seed)).toString('utf8');
    if (text.length > 10_000) continue;
    const once = formatText(text);
    assert.equal(formatText(once), once, `seed ${seed}: ${JSON.stringify(text)}`);
    assert.deepEqual(meaning(once), meaning(text), `seed ${seed}: ${JSON.stringify(text)}`);
    if (once !== text) formatted++;
  }
  assert.ok(formatted > 100, `${formatted} formatted`);
});

test('comments stay with what they are about', () => {
  const text = `# licence

---
# what it is
kind: LatticeService # kind
apiVersion: lattice.dev/v1alpha1
metadata:
  name: a
spec:
  # who calls
  resources:
    # first
    b: {}
    c: {} # second
  selector:
    matchLabels: {app: a}
`;
  assert.equal(
    formatText(text),
    `# licence

---
# what it is
apiVersion: lattice.dev/v1alpha1
kind: LatticeService # kind
metadata:
  name: a
spec:
  selector:
    matchLabels: {app: a}
  # who calls
  resources:
    # first
    b: {}
    c: {} # second
`,
  );
});

test('other documents stay as they are, to the byte', () => {
  const other = 'kind:   Pod\r\napiVersion: v1\n\n\n# end\n';
  assert.equal(formatText(other), other);
  const invalid = 'kind: LatticeService\napiVersion: lattice.dev/v1alpha1\nspec: {nope: 1}\n';
  assert.equal(formatText(invalid), invalid);
});
