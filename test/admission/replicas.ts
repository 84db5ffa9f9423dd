// Replicas of the webhook on one embedded control plane, and what the chart makes for them.
import { connect } from 'node:tls';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { customResourceDefinitions } from '../../src/api/index.ts';
import { optionsFor } from '../../src/cli/load-graph.ts';
import { type Client, type ClusterAccess, createClient } from '../../src/kube/index.ts';
import { type Admission, judgeWith, startAdmission } from '../../src/operator/admission/index.ts';
import {
  SECRET,
  type Secret,
  WEBHOOK_CONFIGURATION,
  type WebhookConfiguration,
} from '../../src/operator/admission/kinds.ts';
import type { HandClock } from '../../src/kube/testing/hand-clock.ts';
import { noMetrics, silentLog } from '../../src/operator/index.ts';
import { type Talk, talkTo } from '../controlplane/talk.ts';
import { until } from '../e2e/until.ts';

export const SERVICE = { namespace: 'lattice-system', name: 'lattice-webhook' };
export const CONFIGURATION = 'lattice';
const SECRET_NAME = 'lattice-webhook';
const call = { signal: new AbortController().signal };

export interface Replicas {
  readonly plane: ControlPlane;
  readonly talk: Talk;
  readonly client: Client;
  readonly admissions: readonly Admission[];
  readonly secret: () => Promise<Readonly<Record<string, string>>>;
  readonly bundle: () => Promise<string>;
  /** PEM of the leaf that a replica shows to new connections. */
  readonly shown: (index: number) => Promise<string>;
  /** Winds the clock until every replica shows what is in the Secret, and the API server trusts exactly its authorities. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A control plane with what the chart makes; `port` says where the Service of the webhook leads. */
export async function openPlane(
  port: () => number | undefined,
): Promise<{ readonly plane: ControlPlane; readonly talk: Talk; readonly access: ClusterAccess }> {
  const plane = await startControlPlane({
    crds: customResourceDefinitions(),
    resolveService: ({ name }) => (name === SERVICE.name ? `https://127.0.0.1:${port()}` : undefined),
  });
  const talk = talkTo(plane);
  await makeObjects(talk);
  const access: ClusterAccess = {
    server: plane.url,
    namespace: 'default',
    ca: { text: plane.ca },
    serverName: undefined,
    insecure: false,
    proxyUrl: undefined,
    certificate: undefined,
    bearer: { kind: 'token', token: plane.token },
    impersonate: undefined,
  };
  return { plane, talk, access };
}

export async function startReplicas(count: number, clock: HandClock): Promise<Replicas> {
  const admissions: Admission[] = [];
  let next = 0;
  // As a Service does: one after the other.
  const { plane, talk, access } = await openPlane(() => admissions[next++ % admissions.length]?.port);
  const client = createClient(access);
  const { settings, options } = optionsFor(
    { engine: ['cilium'], trustDomain: 'cluster.local', clusterName: 'default' },
    undefined,
  );
  admissions.push(
    ...(await Promise.all(
      Array.from({ length: count }, () =>
        startAdmission({
          client,
          clock,
          random: Math.random,
          log: silentLog,
          metrics: noMetrics,
          judge: judgeWith({ settings, compile: options }),
          host: '127.0.0.1',
          port: 0,
          service: SERVICE,
          secret: SECRET_NAME,
          configuration: CONFIGURATION,
        }),
      ),
    )),
  );
  const secret = async (): Promise<Readonly<Record<string, string>>> => {
    const read: Secret = await client.read(SECRET, { ...SERVICE, name: SECRET_NAME }, call);
    return Object.fromEntries(
      Object.entries(read.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    );
  };
  const bundle = async (): Promise<string> => {
    const read: WebhookConfiguration = await client.read(WEBHOOK_CONFIGURATION, { name: CONFIGURATION }, call);
    return Buffer.from(read.webhooks?.[0]?.clientConfig.caBundle ?? '', 'base64').toString('utf8');
  };
  const shown = (index: number): Promise<string> => leafOf(admissions[index]?.port ?? 0);
  return {
    plane,
    talk,
    client,
    admissions,
    secret,
    bundle,
    shown,
    settled: async () => {
      await until('the replicas and the API server agree on the certificates', async () => {
        // All sleep, wake, look, and sleep again: only then is it known what a look has changed.
        await clock.until(count);
        clock.wind(60_000);
        await clock.until(count);
        const texts = await secret();
        if (texts['ca.crt'] === undefined || (await bundle()) !== texts['ca.crt']) return undefined;
        if (!admissions.every((admission) => admission.ready())) return undefined;
        const leaves = await Promise.all(admissions.map((_, index) => shown(index)));
        return leaves.every((leaf) => leaf === texts['tls.crt']) ? true : undefined;
      });
    },
    async close() {
      await Promise.all(admissions.map((admission) => admission.close()));
      await client.close();
      await plane.close();
    },
  };
}

async function makeObjects(talk: Talk): Promise<void> {
  const meta = { metadata: { name: SERVICE.namespace } };
  await talk.must('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', ...meta });
  await talk.must('POST', `/api/v1/namespaces/${SERVICE.namespace}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: SECRET_NAME },
  });
  await talk.must('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: CONFIGURATION },
    webhooks: [
      {
        name: 'declarations.lattice.dev',
        clientConfig: { service: { ...SERVICE, path: '/validate' } },
        rules: [
          {
            apiGroups: ['lattice.dev'],
            apiVersions: ['v1alpha1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['latticeservices', 'latticeexternalservices'],
          },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Fail',
      },
    ],
  });
}

function leafOf(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
    resolve(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`);
  });
  socket.once('error', reject);
  return promise;
}
