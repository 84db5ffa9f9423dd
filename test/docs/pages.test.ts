// Every fenced block of README and docs holds. `node test/docs/pages.test.ts --refresh` writes the real output into the
// console blocks; read the difference before you commit it.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type Block, blocksOf, isAsShown, pages, readPage, root, stepsOf } from './page.ts';
import { data, runLine } from './shell.ts';

const refresh = process.argv.includes('--refresh');

/** Lines of sh blocks that are covered elsewhere, and where. */
const ELSEWHERE: readonly (readonly [line: RegExp, where: string])[] = [
  [/^npm (install|start|test)( && npm (install|start|test))*$/, 'a fresh clone, by hand and in CI'],
  [
    /^npm run (types|lint|format|format:check|unused|bench|soak|generate( -- --check)?)$/,
    '.ci/run runs what the script names',
  ],
  [/^npm (ci|pack)$/, 'a fresh clone, by hand and in CI'],
  [/^\.ci\/run$/, 'it runs this test'],
  [/^node conformance\/cilium\/[\w-]+\.ts --budget \d+ --seed \d+$/, 'needs Go; .ci/run runs them'],
  [/^node conformance\/cilium\/replay\.ts$/, 'needs Go; .ci/run runs it'],
  [/^node --test --test-isolation=none "[\w*./]+"$/, 'the same runner as npm test'],
  [/^node test\/docs\/[\w.]+ --refresh$/, 'rewrites the pages that this test reads'],
  [/^alias lattice='npx lattice'$/, 'the shell of the reader'],
  [/^(helm install lattice charts\/lattice |kubectl apply --server-side -f install\.yaml$)/, 'npm run chart'],
  [/^node scripts\/build\.ts --image$/, 'test/chart/image.test.ts'],
  [/^podman build /, 'needs an image builder'],
  [/^kubectl (patch secret lattice-webhook|-n lattice-system port-forward) /, 'needs a cluster'],
  [/^curl -X POST -o lattice\.cpuprofile /, 'test/telemetry/server.test.ts'],
  [/^npx lattice crds \| kubectl apply --server-side -f -$/, 'needs a cluster; crds alone is run in the pages'],
];

for (const page of pages) {
  test(`${page}: every block holds`, { timeout: 300_000 }, async (context) => {
    const markdown = readPage(page);
    const blocks = blocksOf(markdown);
    const lines = markdown.split('\n');
    const home = process.cwd();
    const scratch = mkdtempSync(join(tmpdir(), 'lattice-docs-'));
    symlinkSync(join(root, 'examples'), join(scratch, 'examples'));
    process.chdir(scratch);
    try {
      let grown = 0;
      for (const block of blocks) {
        const rewritten = await check(block, page, (line) => {
          context.diagnostic(line);
        });
        if (rewritten === undefined) continue;
        const old = block.text.split('\n').length - 1;
        lines.splice(block.line + grown, old, ...rewritten);
        grown += rewritten.length - old;
      }
    } finally {
      process.chdir(home);
      rmSync(scratch, { recursive: true });
    }
    if (refresh && lines.join('\n') !== markdown) writeFileSync(join(root, page), lines.join('\n'));
  });
}

/** Checks one block; a refresh gives the lines of a console block as they should be. */
async function check(block: Block, page: string, say: (line: string) => void): Promise<readonly string[] | undefined> {
  const where = `${page}:${block.line}`;
  switch (block.language) {
    case 'console':
      return await checkConsole(block, where, say);
    case 'sh':
      await checkShell(block, where);
      return undefined;
    case 'yaml':
      await checkYaml(block, where);
      return undefined;
    case 'json':
      assert.doesNotThrow(() => {
        JSON.parse(block.text);
      }, where);
      return undefined;
    case 'text':
      return undefined;
    default:
      return assert.fail(`${where}: nobody checks blocks of language "${block.language}"`);
  }
}

async function checkConsole(block: Block, where: string, say: (line: string) => void): Promise<readonly string[]> {
  const lines: string[] = [];
  let last = 0;
  for (const { command, expected } of stepsOf(block.text)) {
    lines.push(...`$ ${command}`.split('\n'));
    if (command.includes('$LATTICE_DATA') && !existsSync(data)) {
      say(`SKIPPED, no recorded verdicts in ${data}: ${command}`);
      lines.push(...expected);
      continue;
    }
    assert.ok(last === 0 || command === 'echo $?', `${where}: exit code ${last} is not shown before "${command}"`);
    const { code, shown } = await runLine(command, last);
    last = code;
    const actual =
      shown === ''
        ? []
        : shown
            .replace(/\n$/, '')
            .split('\n')
            .map((line) => line.trimEnd());
    const holds = isAsShown(expected, actual);
    if (refresh && !holds && !expected.includes('...')) lines.push(...actual.map(withoutCounts));
    else {
      lines.push(...expected);
      if (!holds) {
        assert.fail(`${where}: $ ${command}\nprints\n${actual.join('\n')}\nand the page shows\n${expected.join('\n')}`);
      }
    }
  }
  assert.equal(last, 0, `${where}: the last command ends with exit code ${last}; show it with "$ echo $?"`);
  return lines;
}

/** How many questions a proof asks is nobody's promise: pages leave the numbers out. */
function withoutCounts(line: string): string {
  return line.replace(/\(\d+ questions about \d+ parties/, '(... questions about ... parties');
}

/** Every line runs and ends with 0, or with the code in a comment behind it: `# exit 1`. */
async function checkShell(block: Block, where: string): Promise<void> {
  for (const line of block.text.replaceAll('\\\n', '').trim().split('\n')) {
    const command = line.replace(/\s+#.*$/, '').trim();
    if (command === '' || command.startsWith('#') || ELSEWHERE.some(([pattern]) => pattern.test(command))) continue;
    const wanted = Number(/# exit (\d)/.exec(line)?.[1] ?? 0);
    const { code, shown } = await runLine(command, 0);
    assert.equal(code, wanted, `${where}: ${command}\n${shown}`);
  }
}

/**
 * Objects of Lattice are accepted, or refused with the code of a first line `# refused: CODE`. A first line with a file
 * name, such as `# shop.yaml`, writes the block there for the commands that follow.
 */
async function checkYaml(block: Block, where: string): Promise<void> {
  const file = /^# ([\w./-]+\.ya?ml)\b/.exec(block.text)?.[1];
  const refusal = /^# refused: (\w+)/m.exec(block.text)?.[1];
  writeFileSync(file ?? 'block.yaml', block.text);
  if (refusal !== undefined) {
    const { code, shown } = await runLine(`lattice graph ${file ?? 'block.yaml'}`, 0);
    assert.equal(code, 2, where);
    assert.match(shown, new RegExp(` ${refusal}: `), where);
    return;
  }
  for (const document of parseAllDocuments(block.text))
    assert.deepEqual(document.errors, [], `${where}: ${document.errors.join('\n')}`);
  if (!/^apiVersion: /m.test(block.text)) return;
  const configured = /^kind: LatticeConfig$/m.test(block.text);
  const reads = /^apiVersion: score\.dev\//m.test(block.text) ? 'score' : configured ? 'config --config' : 'graph';
  const argv = `${reads} ${file ?? 'block.yaml'}`;
  const { code, shown } = await runLine(`lattice ${argv}`, 0);
  assert.equal(code, 0, `${where}\n${shown}`);
}

test('a wrong word in a console block is noticed, and "..." stands for any lines', () => {
  assert.ok(isAsShown(['a', '...', 'd'], ['a', 'b', 'c', 'd']));
  assert.ok(isAsShown(['...'], []));
  assert.ok(!isAsShown(['a', '...', 'e'], ['a', 'b', 'c', 'd']));
  assert.ok(!isAsShown(['a'], ['a', 'b']));
  assert.ok(isAsShown(['x (... of ...)'], ['x (1 of 2)']));
  assert.ok(!isAsShown(['x (... of ...)'], ['y (1 of 2)']));
  assert.ok(!isAsShown(['a', 'b'], ['a']));
  assert.deepEqual(stepsOf('$ x \\\n  y\n1\n$ z\n'), [
    { command: 'x \\\n  y', expected: ['1'] },
    { command: 'z', expected: [] },
  ]);
});
