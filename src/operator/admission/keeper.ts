// Keeps the certificates: reads the Secret that all replicas share, makes what is due, and tells the API server.
import { type Client, type Clock, delayOf, keyOf, KubeError, means, type Ref, sleep } from '../../kube/index.ts';
import type { Log } from '../context.ts';
import {
  authorityOf,
  bundleOf,
  type Credentials,
  readCredentials,
  type Serving,
  servingOf,
  textsOf,
} from './credentials.ts';
import { AUTHORITY_DAYS, type CredentialStep, decideCredentials, SERVING_DAYS } from './decide-credentials.ts';
import { issueAuthority, issueServing } from './issue.ts';
import { SECRET, type Secret, WEBHOOK_CONFIGURATION } from './kinds.ts';
import { publish, publishedIn } from './trust.ts';

export interface KeeperOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  /** The Secret that the chart makes, empty at first. */
  readonly secret: Required<Ref>;
  /** Name of the ValidatingWebhookConfiguration that the chart makes. */
  readonly configuration: string;
  /** DNS names that the API server calls. */
  readonly names: readonly string[];
  /** Hears of the certificate to show, at the start and whenever it changed. */
  readonly onServing: (serving: Serving) => void;
  readonly log: Log;
}

/** What is written by anybody is noticed after this time. */
const LOOK_EVERY_MS = 60_000;
const BACKOFF = { baseMs: 1000, capMs: LOOK_EVERY_MS };

/** Runs until `signal` aborts. Whatever a cluster can do wrong is logged and tried again. */
export async function keepCredentials(options: KeeperOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = options;
  let failures = 0;
  let shown: string | undefined;
  const show = ({ serving }: Credentials): void => {
    if (shown !== serving.certificate) options.onServing(serving);
    shown = serving.certificate;
  };
  while (!signal.aborted) {
    try {
      const { again } = await look(options, show, signal);
      failures = 0;
      if (!again) await sleep(clock, LOOK_EVERY_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubeError)) throw error;
      // Another replica was faster: what it wrote is as good.
      if (!means(error, 'conflict')) log.warn('admission: certificates could not be looked after', { error });
      failures += 1;
      await sleep(clock, delayOf(BACKOFF, failures, random()), signal).catch(() => undefined);
    }
  }
}

/** One look and at most one step. */
async function look(
  options: KeeperOptions,
  show: (credentials: Credentials) => void,
  signal: AbortSignal,
): Promise<{ readonly again: boolean }> {
  const { client, clock, log } = options;
  const secret = await client.find(SECRET, options.secret, { signal });
  const configuration = await client.find(WEBHOOK_CONFIGURATION, { name: options.configuration }, { signal });
  if (!configuration)
    log.warn('admission: there is no such ValidatingWebhookConfiguration; apply the chart again', {
      name: options.configuration,
    });
  if (!secret) {
    log.warn('admission: there is no such Secret; apply the chart again', { secret: keyOf(options.secret) });
    return { again: false };
  }
  const held = readCredentials(textsIn(secret));
  if ('kind' in held && held.kind === 'unusable')
    log.warn('admission: the Secret holds nothing usable and is written anew', { reason: held.reason });
  const credentials = 'kind' in held ? undefined : held;
  const published = configuration ? publishedIn(configuration) : '';
  const now = clock.wall();
  const names = options.names.toSorted();
  const step = decideCredentials({ credentials, names, published, now });
  if (step.kind !== 'keep') {
    const next = await take(step, credentials, names, now);
    await client.replace(SECRET, { ...secret, data: encoded(textsOf(next)) }, { signal });
    log.info('admission: certificates written', { step: step.kind, secret: keyOf(options.secret) });
    return { again: true };
  }
  if (credentials) {
    show(credentials);
    const bundle = bundleOf(credentials);
    if (configuration && published !== bundle) {
      await publish(client, configuration, bundle, signal);
      log.info('admission: the API server was told whom to trust', {
        configuration: options.configuration,
        authorities: credentials.authorities.length,
      });
    }
  }
  return { again: false };
}

/** The credentials after a step. */
async function take(
  step: CredentialStep,
  held: Credentials | undefined,
  names: readonly string[],
  now: number,
): Promise<Credentials> {
  if (!held || step.kind === 'begin') {
    const made = await issueAuthority({ now, days: AUTHORITY_DAYS });
    return serve([authorityOf(made.certificate)], made.key, names, now);
  }
  switch (step.kind) {
    case 'keep':
      return held;
    case 'renew authority': {
      const made = await issueAuthority({ now, days: AUTHORITY_DAYS });
      const authorities = [authorityOf(made.certificate), ...held.authorities] as const;
      return { authorities, signingKey: made.key, serving: servingOf(held.serving, authorities) };
    }
    case 'renew serving':
      return serve(held.authorities, held.signingKey, names, now);
    case 'forget':
      return { ...held, authorities: step.authorities, serving: servingOf(held.serving, step.authorities) };
  }
}

async function serve(
  authorities: Credentials['authorities'],
  signingKey: string,
  names: readonly string[],
  now: number,
): Promise<Credentials> {
  const signing = { certificate: authorities[0].certificate, key: signingKey };
  const made = await issueServing(signing, names, { now, days: SERVING_DAYS });
  return { authorities, signingKey, serving: servingOf(made, authorities) };
}

const encoded = (texts: object): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(String(text)).toString('base64')]));

const textsIn = ({ data = {} }: Secret): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString('utf8')]));
