// Which waypoint stands in front of a Service, ServiceEntry or pod, by the labels istiod reads.
import { isRecord } from '../admit/decode.ts';
import { readMetadata } from '../admit/metadata.ts';
import type { WaypointRef } from '../mesh.ts';
import { isAllowed, type RouteSource, routeSourceOf } from './allowed-routes.ts';

/** What is asked about; a pod comes with its own labels. */
export type EnrolmentTarget =
  | { readonly kind: 'Service' | 'ServiceEntry'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'Pod'; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };

/** `unbound`: a waypoint is asked for and does not serve, so that traffic goes direct and no L7 policy applies (I10). */
export type Enrolment =
  | { readonly kind: 'bound'; readonly waypoint: WaypointRef }
  | { readonly kind: 'none' }
  | {
      readonly kind: 'unbound';
      readonly waypoint: WaypointRef;
      readonly reason: 'WaypointNotFound' | 'AttachmentDenied' | 'TrafficTypeUnsupported';
    }
  | { readonly kind: 'unknown'; readonly reason: 'TargetUnknown' };

type Labels = ReadonlyMap<string, string>;

interface Gateway {
  readonly waypoint: WaypointRef;
  readonly routes: RouteSource;
  readonly labels: Labels;
  readonly className: string;
}

const NO_LABELS: Labels = new Map();

/**
 * Reads Gateway, GatewayClass, Service, ServiceEntry and Namespace objects. A Gateway that exists counts as ready, a
 * Namespace that is not among the objects as one without labels.
 */
export function indexEnrolment(objects: readonly unknown[]): (target: EnrolmentTarget) => Enrolment {
  const labelled = new Map<string, Labels>();
  const gateways = new Map<string, Gateway>();
  for (const object of objects) {
    const kind = isRecord(object) ? kindOf(object) : undefined;
    if (!isRecord(object) || !kind) continue;
    const { metadata } = readMetadata(object['metadata']);
    const isCluster = kind === 'Namespace' || kind === 'GatewayClass';
    labelled.set(keyOf(kind, isCluster ? '' : metadata.namespace, metadata.name), metadata.labels);
    if (kind === 'Gateway') gateways.set(`${metadata.namespace}/${metadata.name}`, readGateway(object));
  }
  return (target) => {
    const own = target.kind === 'Pod' ? new Map(Object.entries(target.labels)) : labelled.get(keyFor(target));
    if (!own) return { kind: 'unknown', reason: 'TargetUnknown' };
    // Gateways of the mesh have no waypoint in front of them.
    if (target.kind !== 'Pod' && MESH_GATEWAYS.includes(own.get('gateway.istio.io/managed') ?? ''))
      return { kind: 'none' };
    const space = labelled.get(keyOf('Namespace', '', target.namespace)) ?? NO_LABELS;
    const asked = askedBy(own, target.namespace) ?? askedBy(space, target.namespace);
    if (!asked || asked === 'none') return { kind: 'none' };
    const gateway = gateways.get(`${asked.namespace}/${asked.name}`);
    if (!gateway) return { kind: 'unbound', waypoint: asked, reason: 'WaypointNotFound' };
    if (!isAllowed(gateway.routes, asked.namespace, target.namespace, space)) {
      return { kind: 'unbound', waypoint: asked, reason: 'AttachmentDenied' };
    }
    const classLabels = labelled.get(keyOf('GatewayClass', '', gateway.className));
    const traffic = gateway.labels.get(WAYPOINT_FOR) ?? classLabels?.get(WAYPOINT_FOR) ?? 'service';
    // I11: by default a waypoint serves Services, not pods.
    if (traffic === 'all' || traffic === (target.kind === 'Pod' ? 'workload' : 'service')) {
      return { kind: 'bound', waypoint: asked };
    }
    const inherited = target.kind === 'Pod' && !own.has('istio.io/use-waypoint');
    return inherited ? { kind: 'none' } : { kind: 'unbound', waypoint: asked, reason: 'TrafficTypeUnsupported' };
  };
}

const WAYPOINT_FOR = 'istio.io/waypoint-for';
const MESH_GATEWAYS = ['istio.io-mesh-controller', 'istio.io-eastwest-controller'];

const GROUPS: Readonly<Record<string, string>> = {
  Service: '',
  Namespace: '',
  ServiceEntry: 'networking.istio.io',
  Gateway: 'gateway.networking.k8s.io',
  GatewayClass: 'gateway.networking.k8s.io',
};

/** Istio has a Gateway of its own, so that the group decides. */
function kindOf(object: Readonly<Record<string, unknown>>): string | undefined {
  const { apiVersion, kind } = { apiVersion: object['apiVersion'], kind: object['kind'] };
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !Object.hasOwn(GROUPS, kind)) return undefined;
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return GROUPS[kind] === group ? kind : undefined;
}

function readGateway(object: Readonly<Record<string, unknown>>): Gateway {
  const { metadata } = readMetadata(object['metadata']);
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const className = spec['gatewayClassName'];
  return {
    waypoint: { namespace: metadata.namespace, name: metadata.name },
    routes: routeSourceOf(spec['listeners']),
    labels: metadata.labels,
    className: typeof className === 'string' ? className : '',
  };
}

/** The waypoint a label asks for; `none` opts out of the namespace's. */
function askedBy(labels: Labels, namespace: string): WaypointRef | 'none' | undefined {
  const name = labels.get('istio.io/use-waypoint');
  if (name === undefined || name === 'none') return name;
  return { namespace: labels.get('istio.io/use-waypoint-namespace') ?? namespace, name };
}

function keyFor(target: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return keyOf(target.kind, target.namespace, target.name);
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}
