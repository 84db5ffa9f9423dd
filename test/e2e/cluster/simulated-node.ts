// A node without a machine: the server's own controllers make pods, its admission places them, kwok runs and ends them.
import { join } from 'node:path';
import { STAGES } from '../../../conformance/kwok/kwok.ts';
import { type Client, type Kind, type KubeObject, untyped } from '../../../src/kube/index.ts';
import { until } from '../until.ts';
import type { Place } from './cluster.ts';
import { startProgram } from './program.ts';

const NAME = 'simulated';
const whole = (group: string, kind: string, plural: string): Kind =>
  untyped({ group, version: 'v1', kind, plural, namespaced: false });
const POD = untyped({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });

/**
 * Runs the pods of `namespace` until it is closed. A pod becomes ready a moment after it was placed, and takes a moment to
 * end: times are in conformance/kwok/stages.yaml.
 */
export async function simulatedNode(
  program: string,
  client: Client,
  { folder, kubeconfig }: Place,
  namespace: string,
): Promise<{ readonly close: () => Promise<void> }> {
  const call = { signal: AbortSignal.timeout(90_000) };
  const kwok = startProgram(
    program,
    ['--config', STAGES, '--kubeconfig', kubeconfig, '--manage-all-nodes', '--node-port=0'],
    join(folder, 'kwok.log'),
  );
  const objects = placement(namespace);
  try {
    for (const { kind, object } of objects) await client.create(kind, object, call);
    await until('admission places pods on the node', async () => {
      if (!kwok.running()) throw new Error(`kwok ended:\n${kwok.lastWords()}`);
      const tried = await client.apply(POD, podIn(namespace), { ...call, dryRun: true });
      return JSON.stringify(tried).includes(`"nodeName":"${NAME}"`) ? true : undefined;
    });
  } catch (error) {
    await kwok.kill();
    throw error;
  }
  return {
    async close() {
      const last = { signal: AbortSignal.timeout(30_000) };
      for (const { kind } of objects.toReversed()) await client.delete(kind, { name: NAME }, last);
      await kwok.kill();
    },
  };
}

function placement(namespace: string): readonly { readonly kind: Kind; readonly object: KubeObject }[] {
  const api = 'admissionregistration.k8s.io';
  const of = (kind: Kind, spec: object) => ({
    kind,
    object: {
      apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`,
      kind: kind.kind,
      metadata: { name: NAME },
      spec,
    },
  });
  return [
    of(whole('', 'Node', 'nodes'), {}),
    of(whole(api, 'MutatingAdmissionPolicy', 'mutatingadmissionpolicies'), {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: `Object{spec: Object.spec{nodeName: "${NAME}"}}` },
        },
      ],
      reinvocationPolicy: 'Never',
    }),
    of(whole(api, 'MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings'), {
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      policyName: NAME,
    }),
  ];
}

function podIn(namespace: string): KubeObject {
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const spec = { containers: [{ name: 'a', image: 'i', securityContext }] };
  const pod: KubeObject & { spec: object } = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'tried', namespace },
    spec,
  };
  return pod;
}
