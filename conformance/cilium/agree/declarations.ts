// The declarations in their canonical form, as far as the generator writes them and the second opinion reads them.

export type Transport = 'TCP' | 'UDP' | 'SCTP';

export interface PortDeclaration {
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: Transport;
}

/** One entry of `resources`. */
export interface Entry {
  readonly type?: 'service' | 'external_service' | 'builtin';
  readonly direction?: 'outbound' | 'inbound' | 'both';
  readonly id?: string;
  readonly namespace?: string;
  readonly ports?: readonly (string | number)[];
}

export interface ServiceDeclaration {
  readonly apiVersion: 'lattice.dev/v1alpha1';
  readonly kind: 'LatticeService';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly containers?: Readonly<Record<string, { readonly image: string }>>;
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly serviceAccount?: string;
    readonly mode?: 'enforce' | 'shadow';
    readonly allowSharedIdentity?: boolean;
    readonly service?: { readonly ports: Readonly<Record<string, PortDeclaration>> };
    readonly resources?: Readonly<Record<string, Entry>>;
  };
}

export interface ExternalDeclaration {
  readonly apiVersion: 'lattice.dev/v1alpha1';
  readonly kind: 'LatticeExternalService';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly endpoints?: Readonly<Record<string, string>>;
    readonly allowed_requesters?: readonly string[];
    readonly sources?: readonly string[];
    readonly allowed_targets?: readonly string[];
  };
}

/** A Namespace manifest: what the mesh and default deny read of a namespace. */
export interface NamespaceManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

/** A Gateway manifest: a waypoint. */
export interface GatewayManifest {
  readonly apiVersion: 'gateway.networking.k8s.io/v1';
  readonly kind: 'Gateway';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly gatewayClassName: 'istio-waypoint' };
}

interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  readonly protocol: Transport;
}

/** A Deployment manifest: real labels, account and ports of pods. */
export interface DeploymentManifest {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'Deployment';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly { readonly name: string; readonly ports: readonly ContainerPort[] }[];
      };
    };
  };
}

/** What the graph reads besides declarations. */
export type Manifest = NamespaceManifest | GatewayManifest | DeploymentManifest;

export type Declaration = ServiceDeclaration | ExternalDeclaration | Manifest;

/** `kind/namespace/name`: the identity of a declaration in an estate. */
export function declarationKey({ kind, metadata }: Declaration): string {
  return `${kind}/${'namespace' in metadata ? metadata.namespace : ''}/${metadata.name}`;
}
