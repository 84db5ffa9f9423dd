import type { Applied } from './apply-objects.ts';

/** What is known when the server is ready. */
export interface Ready {
  readonly url: string;
  readonly kubeconfig: string;
  readonly paths: readonly string[];
  readonly applied: Pick<Applied, 'count' | 'namespaces'>;
}

/** What stands on standard output when the server is ready: what it is, `ready` on a line of its own, what to type. */
export function readyText({ url, kubeconfig, paths, applied }: Ready): string {
  const given = paths.length > 0 && !paths.includes('-');
  const operands = (given ? paths : [EXAMPLE]).map(quoted).join(' ');
  return [
    `A Kubernetes API server for laptops and tests is at ${url}. It keeps everything in memory.`,
    'Nothing runs pods. There is no operator: objects are stored, neither compiled nor enforced.',
    ...(applied.count > 0 ? [`Applied ${applied.count} object${applied.count === 1 ? '' : 's'}.`] : []),
    ...(applied.namespaces.length > 0
      ? [`Made namespaces that no file declares: ${applied.namespaces.join(', ')}`]
      : []),
    'ready',
    '',
    'In another terminal:',
    `  export KUBECONFIG=${quoted(kubeconfig)}`,
    ...(given ? [] : [`  kubectl apply -f ${EXAMPLE}`]),
    '  kubectl get latticeservices -A',
    `  lattice compile ${operands} | kubectl apply -f -`,
    'Ctrl-C ends it, and everything is forgotten.',
    '',
  ].join('\n');
}

const EXAMPLE = 'examples/online-boutique';

/** As a shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
