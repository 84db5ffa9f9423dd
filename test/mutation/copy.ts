import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mutation, mutated } from './mutation.ts';

/** A copy of the repository that rules can be broken in. */
export interface Copy {
  readonly home: string;
  /** Breaks one rule, runs `use`, and mends the rule again. Throws for a mutation that is stale or no TypeScript. */
  readonly broken: <T>(mutation: Mutation, use: () => Promise<T>) => Promise<T>;
  readonly remove: () => void;
}

/** Copies what the tests need from `root` into a temporary folder. */
export function copyOf(root: string): Copy {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'lattice-mutation-')));
  for (const folder of ['src', 'test', 'package.json'])
    cpSync(join(root, folder), join(home, folder), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  return {
    home,
    broken: async (mutation, use) => {
      const file = join(home, mutation.file);
      const whole = readFileSync(file, 'utf8');
      const text = mutated(whole, mutation);
      stripTypeScriptTypes(text);
      writeFileSync(file, text);
      try {
        return await use();
      } finally {
        writeFileSync(file, whole);
      }
    },
    remove: () => {
      rmSync(home, { recursive: true });
    },
  };
}
