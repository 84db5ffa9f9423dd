// PeerAuthentication (security.istio.io v1, v1beta1): its fields and what the API server refuses.
import { type Decoder, map, oneOf, record } from './decode.ts';
import type { Metadata } from './metadata.ts';
import { type Selector, selector } from './selector.ts';

export type MutualTlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

export interface MutualTls {
  readonly mode?: MutualTlsMode;
}

export interface PeerAuthenticationSpec {
  readonly selector?: Selector;
  readonly mtls?: MutualTls;
  /** Keyed by port number in text. */
  readonly portLevelMtls?: ReadonlyMap<string, MutualTls>;
}

/** A PeerAuthentication that both the API server and istiod's webhook accepted. */
export interface PeerAuthentication {
  readonly kind: 'PeerAuthentication';
  readonly metadata: Metadata;
  readonly spec: PeerAuthenticationSpec;
}

const mutualTls = record({ mode: oneOf('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT') });

/** Decodes `spec`. */
export const peerAuthenticationSpec: Decoder<PeerAuthenticationSpec> = record(
  {
    selector,
    mtls: mutualTls,
    portLevelMtls: map(mutualTls, { min: 1, key: isPort }),
  },
  {
    rules: [
      (spec) =>
        spec.portLevelMtls && (spec.selector?.matchLabels?.size ?? 0) === 0
          ? 'portLevelMtls requires selector'
          : undefined,
    ],
  },
);

function isPort(key: string): string | undefined {
  const port = /^[+-]?\d+$/.test(key) ? Number(key) : Number.NaN;
  return port > 0 && port <= 65_535 ? undefined : 'port must be between 1-65535';
}
