import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readInput } from './read.ts';

const root = mkdtempSync(join(tmpdir(), 'lattice-input-'));
after(() => rmSync(root, { recursive: true }));
const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;
mkdirSync(join(root, 'deep/er'), { recursive: true });
mkdirSync(join(root, '.hidden'));
mkdirSync(join(root, 'empty'));
writeFileSync(join(root, 'b.yaml'), pod('b'));
writeFileSync(join(root, 'a.yml'), pod('a'));
writeFileSync(join(root, 'notes.md'), 'no yaml: [');
writeFileSync(join(root, 'kustomization.yaml'), 'resources: [a.yml]\n');
writeFileSync(join(root, 'deep/er/c.json'), '{\n\t"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c"}}');
writeFileSync(join(root, '.hidden/d.yaml'), pod('d'));
symlinkSync(root, join(root, 'deep/circle'));

const noStdin = async () => Promise.reject(new Error('standard input was not asked for'));
const names = async (...paths: string[]) => {
  const { objects, findings } = await readInput(paths, 'default', noStdin);
  return [...objects.map(({ name }) => name), ...findings.map(({ code }) => code)];
};

test('a directory is read with everything below it, in order of names, but no hidden or kustomize file', async () => {
  assert.deepEqual(await names(root), ['a', 'b', 'c']);
});

test('a file is read whatever it is called, a glob gives manifests only, and nothing is read twice', async () => {
  assert.deepEqual(
    await names(join(root, 'b.yaml'), join(root, '*.y*ml'), root).then((all) =>
      all.filter((name) => name !== 'KindMissing'),
    ),
    ['b', 'a', 'c'],
  );
  assert.deepEqual(await names(join(root, '{a,b}.*')), ['a', 'b']);
  assert.deepEqual(await names(join(root, 'notes.md')), ['InvalidYaml']);
});

test('a path that leads nowhere is an error, and the others are still read', async () => {
  const { objects, findings } = await readInput(
    [join(root, 'gone.yaml'), join(root, 'empty'), join(root, '*.toml'), join(root, 'b.yaml')],
    'default',
    noStdin,
  );
  assert.equal(objects.length, 1);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['PathNotFound', 'NothingToRead', 'NothingToRead'],
  );
});

test('standard input is read once', async () => {
  let asked = 0;
  const { objects } = await readInput(['-', '-'], 'default', async () =>
    Promise.resolve(Buffer.from(pod(`p${asked++}`))),
  );
  assert.deepEqual(
    objects.map(({ name, source }) => [name, source.file]),
    [['p0', '<stdin>']],
  );
});

test('bytes that are no valid UTF-8 are refused with their place, never replaced', async () => {
  const bytes = Buffer.concat([Buffer.from(`${pod('a')}x: ä`), Buffer.from([0xc3, 0x28])]);
  const { findings } = await readInput(['-'], 'default', async () => Promise.resolve(bytes));
  assert.deepEqual(
    findings.map(({ code, line, column }) => ({ code, line, column })),
    [{ code: 'InvalidText', line: 4, column: 5 }],
  );
  const utf16 = await readInput(['-'], 'default', async () =>
    Promise.resolve(Buffer.from(`\uFEFF${pod('a')}`, 'utf16le')),
  );
  assert.match(utf16.findings[0]?.message ?? '', /UTF-16/);
});

test('a byte order mark at the beginning is no part of the text', async () => {
  const { objects } = await readInput(['-'], 'default', async () => Promise.resolve(Buffer.from(`\uFEFF${pod('a')}`)));
  assert.equal(objects[0]?.apiVersion, 'v1');
});
