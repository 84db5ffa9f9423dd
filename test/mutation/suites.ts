import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Tests that run together; the next ones are asked only if these notice nothing. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** What the titles of the tests contain; all tests where it is missing. */
  readonly titles?: string;
}

/** Properties over random graphs and all that is compiled for them; with `engine`, for its combinations alone. */
export function properties(engine?: string): Suite {
  const files = ['conjunction', 'mixes', 'prove'].map((each) => `test/prove/${each}.test.ts`);
  return { name: 'properties', files, ...(engine === undefined ? {} : { titles: engine }) };
}

/** The graph held to the declarations alone. */
export const AGREEMENT: Suite = { name: 'agreement', files: ['test/policy/mutants.test.ts'] };

/** The tests beside the code of a folder. */
export function testsOf(folder: string): Suite {
  return { name: folder, files: [`${folder}/**/*.test.ts`] };
}

/** The first test that failed. */
export interface Failure {
  /** Relative to the copy; empty where no single test failed. */
  readonly file: string;
  readonly title: string;
}

/** Runs a suite in the copy at `home` until a test fails, at most so many seconds; undefined when all pass. */
export async function firstFailure(suite: Suite, home: string, seconds: number): Promise<Failure | undefined> {
  const titles = suite.titles === undefined ? [] : [`--test-name-pattern=${suite.titles}`];
  const load = join(import.meta.dirname, 'first-failure.ts');
  const runner = spawn(
    process.execPath,
    ['--import', load, '--test', '--test-isolation=none', '--test-reporter=dot', ...titles, ...suite.files],
    { cwd: home, stdio: ['ignore', 'ignore', 'ignore', 'pipe'], timeout: seconds * 1000, killSignal: 'SIGKILL' },
  );
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    runner.once('error', reject);
    runner.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const pipe = runner.stdio[3];
  if (!pipe || !('readable' in pipe)) throw new Error('the runner has no pipe');
  const said = await text(pipe);
  const { code, signal } = await ended;
  if (said !== '') return failureOf(said);
  if (signal !== null) return { file: '', title: `${suite.name} did not end` };
  // A broken rule may throw where a file is loaded; any other end is the fault of whoever called the runner.
  if (code !== 0 && code !== 1) throw new Error(`the runner ended with ${code}`);
  return code === 0 ? undefined : { file: '', title: `${suite.name} did not load` };
}

function failureOf(said: string): Failure {
  const failure: unknown = JSON.parse(said);
  if (typeof failure !== 'object' || failure === null || !('file' in failure) || !('title' in failure)) {
    throw new Error(`not the words of the runner: ${said}`);
  }
  return { file: String(failure.file), title: String(failure.title) };
}
