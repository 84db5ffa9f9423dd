// The judge: builds the Go binary when its sources changed, keeps it as a child, asks it questions.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { cacheFolder, findGo, goBuild } from '../go.ts';
import { type Answer, type Edit, readAnswer, type Scenario } from './scenario.ts';

export interface Oracle {
  /** Questions may overlap; an edit applies to the question asked before it. Rejects when the judge fails or ends. */
  readonly ask: (question: Scenario | Edit) => Promise<Answer>;
  /** Ends the child once all questions are answered. */
  readonly close: () => Promise<void>;
}

export type Opened =
  | { readonly kind: 'ready'; readonly oracle: Oracle }
  | { readonly kind: 'skipped'; readonly reason: string };

/** Builds (first time: some CPU minutes) and starts the judge. Without Go the answer is `skipped`, and `say` is told. */
export async function openOracle(say: (line: string) => void): Promise<Opened> {
  const built = buildOracle(say);
  if (built.kind === 'skipped') {
    say(`SKIPPED: ${built.reason}`);
    return built;
  }
  return { kind: 'ready', oracle: startOracle(built.binary) };
}

type Built =
  | { readonly kind: 'built'; readonly binary: string }
  | { readonly kind: 'skipped'; readonly reason: string };

const SOURCES = import.meta.dirname;

function buildOracle(say: (line: string) => void): Built {
  const cache = cacheFolder(process.env);
  const binary = join(cache, `cilium-oracle-${hashOfSources()}`);
  if (existsSync(binary)) return { kind: 'built', binary };
  const go = findGo('the Cilium engine');
  if (go.kind === 'skipped') return go;
  say(`building Cilium's policy engine into ${binary} (${go.version}; the first build takes minutes)`);
  mkdirSync(cache, { recursive: true });
  const partial = `${binary}.${process.pid}`;
  goBuild(SOURCES, ['-o', partial, '.']);
  renameSync(partial, binary);
  return { kind: 'built', binary };
}

/** A binary is named by what it was built from, so an edit of the module can never be judged by an old build. */
function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const file of globSync(['go.mod', 'go.sum', '*.go'], { cwd: SOURCES }).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(SOURCES, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

function startOracle(binary: string): Oracle {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(binary, [], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting: Waiting[] = [];
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`the judge ended: ${signal ?? code}`));
      resolve();
    });
  });
  const failAll = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the judge cannot be reached', { cause: error }));
  };
  child.once('error', failAll);
  child.stdin.once('error', failAll);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const first = waiting.shift();
    try {
      first?.resolve(readAnswer(line));
    } catch (error) {
      first?.reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return {
    ask: (question) =>
      new Promise<Answer>((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}
