// Tells the API server whom to trust: the bundle of authorities in the ValidatingWebhookConfiguration.
import type { Client } from '../../kube/index.ts';
import { WEBHOOK_CONFIGURATION, type WebhookConfiguration } from './kinds.ts';

/** What the API server was told, as PEM text; empty where a webhook of the configuration was told nothing. */
export function publishedIn(configuration: WebhookConfiguration): string {
  const bundles = new Set((configuration.webhooks ?? []).map(({ clientConfig }) => clientConfig.caBundle ?? ''));
  const [only = ''] = bundles;
  return bundles.size === 1 ? Buffer.from(only, 'base64').toString('utf8') : '';
}

/** Writes the bundle into every webhook of the configuration, and nothing else of it: the rest is the chart's. */
export async function publish(
  client: Client,
  configuration: WebhookConfiguration,
  bundle: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid } = configuration.metadata;
  const caBundle = Buffer.from(bundle, 'utf8').toString('base64');
  const webhooks = (configuration.webhooks ?? []).map((webhook) => ({
    name: webhook.name,
    clientConfig: { caBundle },
  }));
  const { apiVersion, kind } = configuration;
  // With the uid, one that was deleted meanwhile is a conflict and not created as a fragment.
  const metadata = uid === undefined ? { name } : { name, uid };
  const fragment: WebhookConfiguration = { apiVersion, kind, metadata, webhooks };
  await client.apply(WEBHOOK_CONFIGURATION, fragment, { signal, force: true });
}
