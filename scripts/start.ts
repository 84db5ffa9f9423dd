// A first look: compiles, proves and explains Online Boutique, and says what to try next. `npm start`.
import { chdir } from 'node:process';
import { join } from 'node:path';
import { run } from '../src/cli/run.ts';
import { processTerminal, type Terminal } from '../src/cli/terminal.ts';

const EXAMPLE = 'examples/online-boutique';
const terminal = processTerminal();

chdir(join(import.meta.dirname, '..'));
say('Online Boutique: 12 workloads that exist, and who talks to whom.\n');
process.exitCode = await tour();

/** Runs each step as a user would type it. Resolves to 0 when every answer is the expected one. */
async function tour(): Promise<number> {
  await step(['graph', EXAMPLE], 0);
  const objects = await objectsOf(['compile', EXAMPLE, '-o', 'json']);
  if (objects === undefined) return 1;
  command(['compile', EXAMPLE]);
  const kinds = [...Map.groupBy(objects, (kind) => kind)].map(([kind, each]) => `${each.length} ${kind}`).sort();
  say(`${objects.length} objects for Cilium and Istio: ${kinds.join(', ')}\n`);
  if (!(await step(['verify', EXAMPLE], 0))) return 1;
  if (!(await step(['explain', 'frontend', 'cartservice:7070', EXAMPLE], 0))) return 1;
  if (!(await step(['explain', 'frontend', 'redis-cart:6379', EXAMPLE], 1))) return 1;
  say('What to try next:');
  say('  npx lattice compile examples/online-boutique        the objects themselves');
  say('  npx lattice lint examples/online-boutique           what could be tighter');
  say('  npx lattice graph examples/bookinfo -o mermaid      another application, drawn');
  say('  npx lattice config                                  what is open without an agreement');
  say('  npx lattice -h                                      every command');
  say('Remove a line below "resources" in examples/online-boutique/services.yaml and run "npx lattice lint" on it:');
  say('the agreement is half then, nothing is opened, and the line to write is named.');
  return 0;
}

async function step(argv: readonly string[], expected: number): Promise<boolean> {
  command(argv);
  const code = await run(argv, terminal);
  say('');
  if (code !== expected) say(`expected exit code ${expected}, got ${code}`);
  return code === expected;
}

/** Kinds of the objects that a command prints as JSON; undefined when it refuses. */
async function objectsOf(argv: readonly string[]): Promise<readonly string[] | undefined> {
  const parts: string[] = [];
  const captured: Terminal = {
    ...terminal,
    stdout: (text) => {
      parts.push(text);
    },
    stderr: () => undefined,
  };
  if ((await run(argv, captured)) !== 0) {
    await run(argv, { ...terminal, stdout: () => undefined });
    return undefined;
  }
  const list: unknown = JSON.parse(parts.join(''));
  const items: unknown = typeof list === 'object' && list !== null && 'items' in list ? list.items : [];
  return Array.isArray(items) ? items.map((item: unknown) => kindOf(item)) : [];
}

function kindOf(item: unknown): string {
  return typeof item === 'object' && item !== null && 'kind' in item ? String(item.kind) : '';
}

function command(argv: readonly string[]): void {
  say(`$ npx lattice ${argv.join(' ')}`);
}

function say(line: string): void {
  terminal.stdout(`${line}\n`);
}
