// As much of a shell as the pages use, with `lattice` in this process: a real one for each command would take minutes.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/cli/run.ts';
import { root } from './page.ts';

/** Other programs that a page may use; anything else on a page is a mistake. */
const PROGRAMS = new Set(['cat', 'cp', 'echo', 'grep', 'head', 'mkdir', 'sed', 'test', 'wc']);

export const data = process.env['LATTICE_DATA'] ?? join(root, '../shared/data');

export interface Ran {
  readonly code: number;
  /** What a terminal shows: both streams, in order. */
  readonly shown: string;
}

interface Stage {
  readonly code: number;
  readonly out: string;
}

/** Runs `a | b > file` in the current directory; `last` is what `$?` stands for. The exit code is that of the last stage. */
export async function runLine(command: string, last: number): Promise<Ran> {
  if (command === 'echo $?') return { code: 0, shown: `${last}\n` };
  const shown: string[] = [];
  let input = '';
  let code = 0;
  const stages = command.replaceAll('\\\n', ' ').split(' | ');
  for (const [index, text] of stages.entries()) {
    const { words, from, to } = redirected(text);
    if (from !== undefined) input = readFileSync(from, 'utf8');
    const final = index === stages.length - 1 && to === undefined;
    const show = (part: string) => {
      shown.push(part);
    };
    const stage = await runStage(words, text, input, final, show);
    if (to !== undefined) writeFileSync(to, stage.out);
    input = stage.out;
    code = stage.code;
  }
  return { code, shown: shown.join('') };
}

/** `final`: standard output goes to the terminal, not on to the next stage. */
async function runStage(
  words: readonly string[],
  text: string,
  input: string,
  final: boolean,
  show: (part: string) => void,
): Promise<Stage> {
  const [program = '', ...argv] = words[0] === 'npx' ? words.slice(1) : words;
  const out: string[] = [];
  const stdout = (part: string): void => {
    out.push(part);
    if (final) show(part);
  };
  if (program === 'lattice') {
    const code = await run(argv, {
      stdin: async () => Promise.resolve(Buffer.from(input)),
      stdout,
      stderr: show,
      colour: { stdout: false, stderr: false },
      interactive: false,
    });
    return { code, out: out.join('') };
  }
  const conformance = text.startsWith('npm run -s conformance -- ');
  if (!conformance && !PROGRAMS.has(program)) throw new Error(`no page may run "${program}"`);
  const ran = conformance
    ? spawnSync(
        'sh',
        ['-c', text.replace('npm run -s conformance --', `'${process.execPath}' conformance/replay.ts`)],
        {
          cwd: root,
          encoding: 'utf8',
          env: { ...process.env, LATTICE_DATA: data },
        },
      )
    : spawnSync('sh', ['-c', text.replace(/ > \S+$/, '')], { input, encoding: 'utf8' });
  stdout(ran.stdout);
  show(ran.stderr);
  return { code: ran.status ?? 1, out: out.join('') };
}

/** Splits into words, quotes taken off, and takes `< file` and `> file` out. */
function redirected(text: string): { readonly words: string[]; readonly from?: string; readonly to?: string } {
  const all = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const after = (sign: string) => {
    const at = all.indexOf(sign);
    return at < 0 ? undefined : all.splice(at, 2)[1];
  };
  const from = after('<');
  const to = after('>');
  return { words: all, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
