// One case on one graph in this process: `subject CASE SHAPE [RUNS]`. Prints the result as one line of JSON.
import { compileCase } from './cases/compile.ts';
import { editCase } from './cases/edit.ts';
import { memoryCase } from './cases/memory.ts';
import { verifyCase } from './cases/verify.ts';
import { isShape } from './fixture.ts';

const CASES = { compile: compileCase, edit: editCase, memory: memoryCase, verify: verifyCase } as const;

const [name = '', shape, runs] = process.argv.slice(2);
if (!(name === 'compile' || name === 'edit' || name === 'memory' || name === 'verify') || !isShape(shape))
  throw new Error('subject CASE SHAPE');
process.stdout.write(`${JSON.stringify(CASES[name](shape, runs === undefined ? undefined : Number(runs)))}\n`);
