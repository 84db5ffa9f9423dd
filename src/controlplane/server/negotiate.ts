import { notAcceptable } from '../api-error.ts';

/** In which shape the client wants objects. Everything is JSON. */
export type Shape = 'object' | 'table' | 'metadata' | 'metadata list';

export interface Accepted {
  readonly shape: Shape;
  /** Version of the meta group that names the shape. */
  readonly version: string;
}

const ACCEPTED = ['application/json'] as const;

/** Reads `Accept`. @throws ApiError 406 if the client takes nothing that this server can say. */
export function negotiate(accept: string | undefined): Accepted {
  const offers = (accept === undefined || accept === '' ? '*/*' : accept).split(',').map(parseOffer);
  for (const { type, parameters } of offers) {
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const as = parameters.get('as');
    const version = parameters.get('v') ?? 'v1';
    if (as === undefined) return { shape: 'object', version };
    if (parameters.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) continue;
    if (as === 'Table') return { shape: 'table', version };
    if (as === 'PartialObjectMetadata') return { shape: 'metadata', version };
    if (as === 'PartialObjectMetadataList') return { shape: 'metadata list', version };
  }
  throw notAcceptable(ACCEPTED);
}

interface Offer {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

function parseOffer(text: string): Offer {
  const [type = '', ...parts] = text.split(';').map((part) => part.trim());
  const parameters = parts.map((part) => part.split('=')).map(([key = '', value = '']) => [key, value] as const);
  return { type, parameters: new Map(parameters) };
}

/** The discovery document that the client prefers; undefined for the plain lists. */
export function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const { type, parameters } of (accept ?? '').split(',').map(parseOffer)) {
    if (type !== 'application/json') continue;
    if (parameters.get('as') === undefined) return undefined;
    if (parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('v') === 'v2') return 'v2';
  }
  return undefined;
}
