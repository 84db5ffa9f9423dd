// What can be asked of a waypoint, and how its Envoy sees the question.
import { type Address, parseAddress } from '../address.ts';
import { identityOf, type MeshConfig, type MeshPeer, type WaypointRef } from '../mesh.ts';
import { normalizePath, withoutQuery } from './normalize-path.ts';

/** What a waypoint stands in front of. */
export interface WaypointTarget {
  readonly kind: 'Service' | 'ServiceEntry';
  readonly namespace: string;
  readonly name: string;
}

/**
 * One request or connection at a waypoint. What is left out is unknown, and matters only where a rule that could
 * decide looks at it. Without `protocol` the answer must hold for HTTP and for TCP.
 */
export interface WaypointRequest {
  readonly from: MeshPeer;
  readonly waypoint: WaypointRef;
  /** Absent: addressed to a pod, so that only policies on the Gateway or its class apply. */
  readonly destination?: WaypointTarget;
  /** The Service port (I12). */
  readonly port?: number;
  readonly destinationIp?: string;
  /** Default on HTTP: none, because Envoy sees HTTP only where no TLS is left. */
  readonly sni?: string;
  /** `none`: the request carries no token that a RequestAuthentication accepts. Claims of tokens are not modelled. */
  readonly claims?: 'none';
  readonly protocol?: 'http' | 'tcp';
  readonly method?: string;
  /** As sent, query included; normalized as the mesh is configured. */
  readonly path?: string;
  readonly host?: string;
  /** All headers, if given: a name that is absent here is absent from the request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The request as rules look at it. */
export interface Seen {
  /** With `spiffe://`; undefined for a peer without identity. */
  readonly principal: string | undefined;
  readonly port: number | undefined;
  readonly destinationIp: Address | undefined;
  readonly sni: string | undefined;
  readonly claims: 'none' | undefined;
  /** Normalized, without query. */
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly host: string | undefined;
  /** By lower-case name; pseudo-headers are not in it. */
  readonly headers: ReadonlyMap<string, string> | undefined;
  readonly rawPath: string | undefined;
}

/** Undefined when Envoy answers 400 before any policy, because the path cannot be normalized. */
export function seenBy(request: WaypointRequest, mesh: MeshConfig): Seen | undefined {
  const { path, headers } = request;
  const rawPath = path === undefined ? undefined : normalizePath(path, mesh.pathNormalization ?? 'BASE');
  if (path !== undefined && rawPath === undefined) return undefined;
  const principal = identityOf(request.from, mesh)?.principal;
  return {
    principal: principal === undefined ? undefined : `spiffe://${principal}`,
    port: request.port,
    destinationIp: request.destinationIp === undefined ? undefined : parseAddress(request.destinationIp),
    sni: request.sni ?? (request.protocol === 'http' ? '' : undefined),
    claims: request.claims,
    path: rawPath === undefined ? undefined : withoutQuery(rawPath),
    method: request.method,
    host: request.host,
    headers: headers && new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawPath,
  };
}
