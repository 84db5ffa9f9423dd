// A first look: serves Online Boutique with the operator at work, one agreement half open, and says what to type. `npm start`.
import { chdir } from 'node:process';
import { join } from 'node:path';
import { run } from '../src/cli/run.ts';
import { processTerminal } from '../src/cli/terminal.ts';

const EXAMPLE = 'examples/online-boutique';
const HALF = 'examples/half-agreement';
const FILES = [EXAMPLE, `${HALF}/newsletter.yaml`];
const NEXT = `  kubectl get latticeservices
  kubectl describe latticeservice newsletter                              # what is missing, and what to write
  kubectl apply --server-side -f ${HALF}/emailservice.yaml   # the other half
  kubectl get latticeservices newsletter emailservice
  npx lattice explain newsletter emailservice:5000 --kubeconfig "$KUBECONFIG"   # who decides, and why
  kubectl get ciliumnetworkpolicies,authorizationpolicies                 # what the operator wrote
  kubectl delete latticeservice adservice                                 # its agreements close, at both ends
  npx lattice lint ${EXAMPLE}                             # what could be tighter
`;
const terminal = processTerminal();

chdir(join(import.meta.dirname, '..'));
say('Online Boutique: 12 workloads, and who talks to whom. A 13th, newsletter, calls emailservice, which does not');
say('accept it: that half is left open on purpose.\n');
process.exitCode = await tour();

/** Resolves when the control plane has ended; 0 when every step answered as expected. */
async function tour(): Promise<number> {
  if (!(await step(['graph', ...FILES], 0))) return 1;
  command(['dev', ...FILES]);
  return await run(['dev', ...FILES], { ...terminal, stdout: shown });
}

async function step(argv: readonly string[], expected: number): Promise<boolean> {
  command(argv);
  const code = await run(argv, terminal);
  say('');
  if (code !== expected) say(`expected exit code ${expected}, got ${code}`);
  return code === expected;
}

/** What the command prints, and below its own next steps those of this tour. */
function shown(text: string): void {
  terminal.stdout(text.replace(/^ {2}kubectl get latticeservices -A\n/m, NEXT));
}

function command(argv: readonly string[]): void {
  say(`$ npx lattice ${argv.join(' ')}`);
}

function say(line: string): void {
  terminal.stdout(`${line}\n`);
}
