// Writes docs/reference and the generated parts of the charts from the code: `node scripts/generate.ts`, or `--check` to see whether it is up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jsonSchema, KINDS } from '../src/api/index.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { resultJsonSchema } from '../src/cli/result-schemas.ts';
import { run } from '../src/cli/run.ts';
import { generateCharts } from './charts/generate-charts.ts';
import { kindsPage } from './kinds-page.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = 'docs/reference';

/** Every generated file, by its path below the repository. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  files.set(
    'crds.yaml',
    `# The CustomResourceDefinitions of Lattice, as "lattice crds" prints them.\n${await printed(['crds'])}`,
  );
  for (const kind of kinds()) {
    files.set(`${kind}.schema.json`, `${JSON.stringify(jsonSchema(kind), undefined, 2)}\n`);
  }
  files.set('results.schema.json', `${JSON.stringify(resultJsonSchema(), undefined, 2)}\n`);
  files.set('kinds.md', kindsPage(kinds().map((kind) => [kind, jsonSchema(kind)])));
  files.set('commands.md', await commandsPage());
  const charts = generateCharts(ROOT, process.env);
  if (charts.skipped !== undefined) process.stdout.write(`SKIPPED: manifests of the charts: ${charts.skipped}\n`);
  return new Map([...[...files].map(([name, text]) => [join(FOLDER, name), text] as const), ...charts.files]);
}

function kinds(): (keyof typeof KINDS)[] {
  return Object.keys(KINDS).filter((name): name is keyof typeof KINDS => Object.hasOwn(KINDS, name));
}

async function commandsPage(): Promise<string> {
  const parts = [
    '# Commands\n\nGenerated from the program: every text below is what `lattice COMMAND -h` prints.\n',
    'Exit codes: 0 = yes or clean, 1 = no, findings, a difference or undecided, 2 = bad usage or input.\n',
    `\`\`\`\n${(await printed(['--help'])).trimEnd()}\n\`\`\`\n`,
  ];
  for (const { name } of COMMANDS.flatMap((command) => [
    command,
    ...(command.parts ?? []).map((part) => ({ name: `${command.name} ${part}` })),
  ])) {
    parts.push(`## lattice ${name}\n\n\`\`\`\n${(await printed([...name.split(' '), '--help'])).trimEnd()}\n\`\`\`\n`);
  }
  return parts.join('\n');
}

async function printed(argv: readonly string[]): Promise<string> {
  const out: string[] = [];
  const code = await run(argv, {
    stdin: async () => Promise.resolve(Buffer.alloc(0)),
    stdout: (text) => {
      out.push(text);
    },
    stderr: (text) => {
      out.push(text);
    },
    colour: { stdout: false, stderr: false },
    interactive: false,
  });
  if (code !== 0) throw new Error(`lattice ${argv.join(' ')} ended with ${code}: ${out.join('')}`);
  return out.join('');
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    // Not written yet.
    return undefined;
  }
}

if (import.meta.main) {
  const files = await generate();
  const stale = [...files].filter(([path, text]) => current(path) !== text);
  if (process.argv.includes('--check')) {
    for (const [path] of stale) process.stderr.write(`${path} is out of date: run "npm run generate"\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    for (const [path, text] of stale) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text);
    }
  }
  process.stdout.write(`generate: ${files.size} files, ${stale.length} out of date\n`);
}
