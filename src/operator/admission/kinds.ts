import { isKubeObject, isRecord, type Kind, type KubeObject } from '../../kube/index.ts';

export interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const SECRET: Kind<Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  is: (value): value is Secret => isKubeObject(value) && (!('data' in value) || isTexts(value.data)),
};

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

export const WEBHOOK_CONFIGURATION: Kind<WebhookConfiguration> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
  is: (value): value is WebhookConfiguration =>
    isKubeObject(value) &&
    (!('webhooks' in value) || (Array.isArray(value.webhooks) && value.webhooks.every(isWebhook))),
};

function isWebhook(value: unknown): boolean {
  if (!isRecord(value) || typeof value['name'] !== 'string' || !isRecord(value['clientConfig'])) return false;
  const { caBundle } = value['clientConfig'];
  return caBundle === undefined || typeof caBundle === 'string';
}

const isTexts = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
