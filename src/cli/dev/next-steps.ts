import type { Applied } from './apply-objects.ts';

/** What is known when the server is ready. */
export interface Ready {
  readonly url: string;
  readonly kubeconfig: string;
  readonly paths: readonly string[];
  readonly applied: Pick<Applied, 'count' | 'namespaces'>;
  /** What the operator made of it; absent when it does not run. */
  readonly enforced?: { readonly objects: number; readonly asked: number; readonly counterexamples: number };
}

/** What stands on standard output when the server is ready: what it is, `ready` on a line of its own, what to type. */
export function readyText({ url, kubeconfig, paths, applied, enforced }: Ready): string {
  const given = paths.length > 0 && !paths.includes('-');
  const operands = (given ? paths : [EXAMPLE]).map(quoted).join(' ');
  return [
    `A Kubernetes API server for laptops and tests is at ${url}. It keeps everything in memory.`,
    enforced
      ? 'Pods are simulated: nothing runs, and no engine enforces anything. The operator is at work: it compiles what is declared.'
      : 'Nothing runs pods. There is no operator: objects are stored, neither compiled nor enforced.',
    ...(applied.count > 0 ? [`Applied ${plural(applied.count, 'object')}.`] : []),
    ...(applied.namespaces.length > 0
      ? [`Made namespaces that no file declares: ${applied.namespaces.join(', ')}`]
      : []),
    ...(enforced && enforced.objects > 0 ? [enforcedText(enforced)] : []),
    'ready',
    '',
    'In another terminal:',
    `  export KUBECONFIG=${quoted(kubeconfig)}`,
    ...(given ? [] : [`  kubectl apply --server-side -f ${EXAMPLE}`]),
    '  kubectl get latticeservices -A',
    ...(enforced ? [] : [`  lattice compile ${operands} | kubectl apply -f -`]),
    'Ctrl-C ends it, and everything is forgotten.',
    '',
  ].join('\n');
}

const EXAMPLE = 'examples/online-boutique';

function enforcedText({ objects, asked, counterexamples }: NonNullable<Ready['enforced']>): string {
  const found = `The operator wrote ${plural(objects, 'object')} of the engines.`;
  return counterexamples === 0
    ? `${found} Proved: in ${asked} questions to the evaluators they allow exactly what both sides agreed.`
    : `${found} NOT proved: ${plural(counterexamples, 'counterexample')} in ${asked} questions; see "lattice verify".`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** As a shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
