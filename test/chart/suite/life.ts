// What is declared in the life that proves the permissions: something for every kind of object that an engine gets.

const namespace = (name: string, labels: object): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const declared = (kind: string, place: string, name: string, spec: object): object => ({
  apiVersion: 'lattice.dev/v1alpha1',
  kind,
  metadata: { name, namespace: place },
  spec,
});
const adopted = (app: string): object => ({ selector: { matchLabels: { app } }, serviceAccount: app });

export const NAMESPACES = list([
  namespace('shop', { 'istio.io/dataplane-mode': 'ambient', 'lattice.dev/managed': 'true' }),
  namespace('legacy', { 'istio.io/dataplane-mode': 'none' }),
  namespace('egress', {}),
]);

/** A meshed pair, a caller outside of the mesh, a host outside of the cluster, and its way out. */
export const DECLARED = list([
  declared('LatticeService', 'shop', 'web', {
    ...adopted('web'),
    resources: { cart: {}, api: { type: 'external_service' } },
  }),
  declared('LatticeService', 'shop', 'cart', {
    ...adopted('cart'),
    service: { ports: { grpc: { port: 7070 } } },
    resources: { web: { direction: 'inbound' }, plain: { direction: 'inbound', namespace: 'legacy' } },
  }),
  declared('LatticeService', 'legacy', 'plain', { ...adopted('plain'), resources: { cart: { namespace: 'shop' } } }),
  declared('LatticeExternalService', 'shop', 'api', {
    endpoints: { main: 'https://api.example.com' },
    allowed_requesters: ['web'],
  }),
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'egress', labels: { 'istio.io/waypoint-for': 'service' } },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'All' } } }],
    },
  },
]);

/** Something for every kind of object that runs a service. */
export const DEPLOYED = list([
  declared('LatticeService', 'shop', 'orders', {
    containers: {
      app: {
        image: 'registry.example.com/orders:1',
        variables: { DATABASE_URL: '${resources.db.url}' },
        files: { '/etc/orders.yaml': { content: 'a: b' } },
        volumes: { '/cache': { source: '${resources.cache}' } },
        resources: { requests: { cpu: '100m', memory: '64Mi' } },
      },
    },
    service: { ports: { http: { port: 80 } } },
    resources: {
      db: { type: 'postgres', class: 'production', params: { onDelete: 'delete' } },
      cache: { type: 'volume', params: { size: '1Gi', onDelete: 'delete', accessMode: 'ReadWriteMany' } },
    },
    replicas: { min: 2, max: 4 },
  }),
  declared('LatticeService', 'shop', 'store', {
    containers: {
      redis: { image: 'registry.example.com/redis:8', volumes: { '/data': { source: '${resources.data}' } } },
    },
    service: { ports: { redis: { port: 6379 } } },
    resources: { data: { type: 'volume', params: { size: '1Gi', identity: true } } },
  }),
]);

export const CLASSES = list([
  {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeResourceClass',
    metadata: { name: 'postgres-production' },
    spec: { type: 'postgres', class: 'production', embedded: { size: '5Gi' } },
  },
]);

export const GATEWAY_STATUS = JSON.stringify({
  status: {
    conditions: [
      {
        type: 'Programmed',
        status: 'True',
        reason: 'Programmed',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
});

/** The definition's schema takes it, Lattice does not. */
export const REFUSED_SERVICE = list([
  declared('LatticeService', 'shop', 'wrong', { selector: { matchLabels: { host: 'a' } } }),
]);
