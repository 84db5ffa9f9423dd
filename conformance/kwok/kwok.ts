// Finds or builds kwok. Run by itself it builds it and prints where it is.
import { join } from 'node:path';
import { buildProgram, findProgram, type FoundProgram, type GoProgram, printProgram } from '../go-program.ts';

/** What kwok does with nodes and pods, as its `--config` takes it. */
export const STAGES = join(import.meta.dirname, 'stages.yaml');

const KWOK: GoProgram = {
  title: 'kwok',
  name: 'kwok',
  module: import.meta.dirname,
  sources: ['go.mod', 'go.sum'],
  package: 'sigs.k8s.io/kwok/cmd/kwok',
  variable: 'LATTICE_KWOK',
  command: 'node conformance/kwok/kwok.ts',
};

/** LATTICE_KWOK, else what was built from this folder's go.mod; never built by this function. */
export const findKwok = (env: NodeJS.ProcessEnv): FoundProgram => findProgram(KWOK, env);

/** Like {@link findKwok}, and builds it first where it is missing and Go is there. */
export const buildKwok = (env: NodeJS.ProcessEnv, say: (line: string) => void): FoundProgram =>
  buildProgram(KWOK, env, say);

if (import.meta.main) printProgram(KWOK);
