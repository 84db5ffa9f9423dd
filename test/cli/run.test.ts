import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { lattice } from './testing.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'lattice-run-'));
after(() => rmSync(scratch, { recursive: true }));

const service = (name: string, resources = '{}', more = '') =>
  `apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: ${name}}\nspec:\n  selector: {matchLabels: {app: ${name}}}\n  serviceAccount: ${name}\n  service: {ports: {http: {port: 80}}}\n  resources: ${resources}\n${more}`;
const agreed = `${service('web', '{api: {}}')}---\n${service('api', '{web: {direction: inbound}}')}`;

test('nothing to do is bad usage and shows the commands', async () => {
  const { code, stdout, stderr } = await lattice([]);
  assert.deepEqual([code, stdout], [2, '']);
  for (const { name } of COMMANDS) assert.match(stderr, new RegExp(`^  ${name} `, 'm'));
});

test('help is an answer: on stdout, exit code 0, for every command', async () => {
  for (const argv of [
    ['-h'],
    ['--help'],
    ['help'],
    ...COMMANDS.flatMap(({ name }) => [
      [name, '-h'],
      ['help', name],
    ]),
  ]) {
    const { code, stdout, stderr } = await lattice(argv);
    assert.deepEqual([code, stderr], [0, ''], argv.join(' '));
    assert.match(stdout, /^Usage: lattice/, argv.join(' '));
  }
});

test('a command that does not exist is bad usage and names the one that was probably meant', async () => {
  assert.deepEqual(await lattice(['complie', 'x']), {
    code: 2,
    stdout: '',
    stderr: 'lattice: unknown command "complie": did you mean "lattice compile"? (lattice -h lists them)\n',
  });
  assert.match((await lattice(['xyzzy'])).stderr, /unknown command "xyzzy" \(lattice -h/);
});

test('a wrong flag, value or missing operand is bad usage in one line', async () => {
  for (const argv of [
    ['compile'],
    ['compile', '--nope', 'x'],
    ['compile', 'x', '-o', 'xml'],
    ['compile', 'x', '--engine', 'calico'],
    ['compile', 'x', '--engine', 'cilium,kubernetes'],
    ['compile', 'x', '--mesh', 'sidecar'],
    ['compile', 'x', '--trust-domain', 'spiffe://x'],
    ['compile', 'x', '--egress-waypoint', 'x'],
    ['compile', 'x', '-n', 'Not_A_Name'],
    ['compile', 'x', '--config', join(scratch, 'gone.yaml')],
    ['graph', 'x', '-o', 'svg'],
    ['schema', 'LatticeServce'],
    ['completion', 'tcsh'],
    ['explain'],
  ]) {
    const { code, stdout, stderr } = await lattice(argv);
    assert.deepEqual([code, stdout], [2, ''], argv.join(' '));
    assert.match(stderr, /^lattice: .+\n(\(.*\n)?$/, argv.join(' '));
  }
});

test('invalid input ends with 2, an empty stdout, and every error', async () => {
  const bad = `${agreed}---\n${service('c', '{d: {direction: sideways}}')}---\nkind: X\n---\na: [\n`;
  for (const command of ['compile', 'graph', 'lint', 'verify']) {
    const { code, stdout, stderr } = await lattice([command, '-'], bad);
    assert.deepEqual([code, stdout], [2, ''], command);
    assert.match(stderr, /InvalidField/, command);
    assert.match(stderr, /KindMissing/, command);
    assert.match(stderr, /BadIndentation|InvalidYaml/, command);
  }
});

test('compile: 0 when everything agreed was compiled, also with half agreements on stderr', async () => {
  const clean = await lattice(['compile', '-'], agreed);
  assert.deepEqual([clean.code, clean.stderr], [0, '']);
  const half = await lattice(['compile', '-'], `${agreed}---\n${service('c', '{web: {}}')}`);
  assert.equal(half.code, 0);
  assert.match(half.stderr, /warning/);
});

test('compile: 1 when an edge is refused, and the rest is written', async () => {
  const shared = agreed.replace('serviceAccount: api', 'serviceAccount: web');
  const { code, stdout, stderr } = await lattice(['compile', '-'], shared);
  assert.equal(code, 1);
  assert.match(stderr, /error SharedIdentity/);
  assert.match(stdout, /CiliumNetworkPolicy/);
});

test('the output does not depend on the order of the input', async () => {
  const [first = '', second = ''] = agreed.split('---\n');
  const one = await lattice(['compile', '-'], `${first}---\n${second}`);
  assert.deepEqual(await lattice(['compile', '-'], `${second}---\n${first}`), one);
});

test('YAML and JSON hold the same objects', async () => {
  const { stdout } = await lattice(['compile', '-', '-o', 'json'], agreed);
  const list: unknown = JSON.parse(stdout);
  assert.ok(typeof list === 'object' && list !== null && 'items' in list && Array.isArray(list.items));
  const yaml = await lattice(['compile', '-'], agreed);
  assert.equal(yaml.stdout.match(/^---$/gm)?.length, list.items.length);
});

test('--out writes a file per namespace, takes back what is not needed any more, and touches nothing else', async () => {
  const out = join(scratch, 'out');
  const two = agreed
    .replace('metadata: {name: api}', 'metadata: {name: api, namespace: other}')
    .replace('{api: {}}', '{api: {namespace: other}}')
    .replace('{web: {direction', '{web: {namespace: default, direction');
  assert.equal((await lattice(['compile', '-', '--out', out], two)).code, 0);
  assert.deepEqual(readdirSync(out).sort(), ['.lattice-files.json', 'default.yaml', 'other.yaml']);
  const written = readFileSync(join(out, 'default.yaml'), 'utf8');
  writeFileSync(join(out, 'mine.yaml'), 'kept');
  assert.equal((await lattice(['compile', '-', '--out', out], service('web'))).code, 0);
  assert.deepEqual(readdirSync(out).sort(), ['.lattice-files.json', 'default.yaml', 'mine.yaml']);
  assert.notEqual(readFileSync(join(out, 'default.yaml'), 'utf8'), written);
  writeFileSync(join(out, 'other.yaml'), 'somebody else wrote this');
  assert.equal((await lattice(['compile', '-', '--out', out], two)).code, 2);
  assert.equal(readFileSync(join(out, 'other.yaml'), 'utf8'), 'somebody else wrote this');
});

test('config names every exemption, and with declarations who uses each peer', async () => {
  const bare = await lattice(['config']);
  assert.equal(bare.code, 0);
  for (const name of ['dns', 'probes', 'apiserver', 'ingress', 'mesh', 'scrapers', 'webhooks']) {
    assert.match(bare.stdout, new RegExp(`^${name} `, 'm'));
  }
  const { stdout } = await lattice(['config', '-'], service('web', '{api: {type: builtin, id: apiserver}}'));
  assert.match(stdout, /^apiserver .*default\/web$/m);
  assert.match(stdout, /^scrapers .*nobody/m);
});

test('config -o yaml is a configuration file that means the same', async () => {
  const file = join(scratch, 'config.yaml');
  writeFileSync(file, (await lattice(['config', '-o', 'yaml'])).stdout);
  assert.deepEqual(await lattice(['config', '--config', file]), await lattice(['config']));
});

test('fmt --check lists what is not canonical; fmt makes it so, and nothing after that', async () => {
  const file = join(scratch, 'fmt.yaml');
  writeFileSync(
    file,
    `# head\nkind: LatticeService\napiVersion: lattice.dev/v1alpha1\nspec:\n    resources: {b: {id: c, type: external-service}} # who\n    service_account: x\n    selector: {matchLabels: {app: a}}\nmetadata: {name: a}\n---\nkind: Other\napiVersion:   v1\n`,
  );
  assert.deepEqual(await lattice(['fmt', '--check', file]), { code: 1, stdout: `${file}\n`, stderr: '' });
  assert.equal((await lattice(['fmt', file])).code, 0);
  assert.equal(
    readFileSync(file, 'utf8'),
    `# head\napiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: a}}\n  serviceAccount: x\n  resources: {b: {type: external_service, id: c}} # who\n---\nkind: Other\napiVersion:   v1\n`,
  );
  assert.deepEqual(await lattice(['fmt', '--check', file]), { code: 0, stdout: '', stderr: '' });
  assert.equal((await lattice(['fmt', '-'], 'kind: LatticeService\nx: [\n')).code, 2);
});

test('completion scripts are accepted by their shells', async (context) => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const { code, stdout } = await lattice(['completion', shell]);
    assert.equal(code, 0);
    for (const { name } of COMMANDS) assert.ok(stdout.includes(name), `${shell}: ${name}`);
    const file = join(scratch, `completion.${shell}`);
    writeFileSync(file, stdout);
    const parsed = spawnSync(shell, ['-n', file]);
    if (parsed.error) context.diagnostic(`${shell} is not installed: its script was not parsed`);
    else assert.equal(parsed.stderr.toString(), '', shell);
  }
});

test('the real program: version, a reader that goes away, and the exit code', { timeout: 300_000 }, () => {
  const bin = join(root, 'bin/lattice.js');
  const shell = (line: string) => spawnSync('bash', ['-o', 'pipefail', '-c', line], { cwd: root, encoding: 'utf8' });
  const version = shell(`"${process.execPath}" "${bin}" version`);
  assert.match(version.stdout, /^lattice \d+\.\d+\.\d+ \(Node\.js 2\d/);
  const head = shell(`"${process.execPath}" "${bin}" crds -o json | head -c 10`);
  assert.deepEqual([head.status, head.stderr, head.stdout.length], [0, '', 10]);
  assert.equal(shell(`"${process.execPath}" "${bin}" compile nothing-here`).status, 2);
});

const seeds = join(process.env['LATTICE_DATA'] ?? join(root, '../shared/data'), '../seeds/lattice.md');
test('the objects of the specification are accepted as printed', {
  skip: existsSync(seeds) ? false : `no ${seeds}`,
}, async () => {
  const blocks = [...readFileSync(seeds, 'utf8').matchAll(/```yaml\n(apiVersion: lattice[\s\S]*?)```/g)]
    .map(([, block]) => block ?? '')
    .filter((block) => /kind: Lattice(External)?Service/.test(block));
  assert.ok(blocks.length >= 3);
  for (const block of blocks) {
    const { code, stderr } = await lattice(['compile', '-'], block);
    assert.notEqual(code, 2, stderr);
  }
});

test('a value with two readings hides no other mistake of its document', async () => {
  const text = `apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  allowSharedIdentity: yes
  service: {ports: {http: {port: 99999}}}
  nope: 1
`;
  const { code, stderr } = await lattice(['compile', '-'], text);
  assert.equal(code, 2);
  const lines = stderr.split('\n').filter((line) => line.startsWith('<stdin>'));
  assert.deepEqual(
    lines.map((line) => /^<stdin>:(\d+):\d+: error (\w+)/.exec(line)?.slice(1).join(' ')),
    ['6 AmbiguousScalar', '7 InvalidField', '8 UnknownField'],
  );
});
