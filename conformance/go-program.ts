// Finds or builds a program of a Go module in this folder, and keeps it outside of the clone.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, findGo, goBuild, hashOf } from './go.ts';

export interface GoProgram {
  /** As it is called in what is said about it: `helm`. */
  readonly title: string;
  /** Of the file that is kept: `helm`, `liqo-node`. */
  readonly name: string;
  /** The folder of its go.mod. */
  readonly module: string;
  /** Files of that folder that it is built from, in order: the file that is kept is named by them. */
  readonly sources: readonly string[];
  /** What `go build` is asked for: `.` or a package of a required module. */
  readonly package: string;
  /** More for the linker: `-X name=value`. */
  readonly ldflags?: string;
  /** The variable that names a program to use instead. */
  readonly variable: string;
  /** The command that builds it, for a hint. */
  readonly command: string;
}

export type FoundProgram =
  | { readonly kind: 'ready'; readonly program: string }
  | { readonly kind: 'skipped'; readonly reason: string };

/** What its variable names, else what was built before; never built by this function. Throws when that file is not there. */
export function findProgram(wanted: GoProgram, env: NodeJS.ProcessEnv): FoundProgram {
  const given = env[wanted.variable];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`${wanted.variable}=${given} is not there`);
    return { kind: 'ready', program: given };
  }
  const program = builtProgram(wanted, env);
  if (existsSync(program)) return { kind: 'ready', program };
  return { kind: 'skipped', reason: `${wanted.title} is not built: run "${wanted.command}", which needs Go` };
}

/** Like {@link findProgram}, and builds it first where it is missing and Go is there: a minute or two on two cores. */
export function buildProgram(wanted: GoProgram, env: NodeJS.ProcessEnv, say: (line: string) => void): FoundProgram {
  const found = findProgram(wanted, env);
  if (found.kind === 'ready') return found;
  const go = findGo(wanted.title);
  if (go.kind === 'skipped') return go;
  const program = builtProgram(wanted, env);
  say(`building ${wanted.title} into ${program} (${go.version}; the first build takes a minute or more)`);
  mkdirSync(join(program, '..'), { recursive: true });
  const partial = `${program}.${process.pid}`;
  const ldflags = ['-s -w', wanted.ldflags].filter((each) => each !== undefined).join(' ');
  const args = ['-trimpath', '-ldflags', ldflags, '-o', partial, wanted.package];
  goBuild(wanted.module, args, { CGO_ENABLED: '0' });
  // Two may build at once; both make the same.
  renameSync(partial, program);
  return { kind: 'ready', program };
}

/** Builds it where it is missing and prints where it is, or why it is not. */
export function printProgram(wanted: GoProgram): void {
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const found = buildProgram(wanted, process.env, say);
  say(found.kind === 'ready' ? found.program : `SKIPPED: ${found.reason}`);
}

function builtProgram({ name, module, sources }: GoProgram, env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), `${name}-${hashOf(module, sources)}`);
}
