import { at, byText, type JsonObject, listAt, objectAt, plain, textAt, textsAt } from '../json.ts';
import { formatLabels } from '../select/label-selector.ts';
import {
  AGE,
  type Column,
  column,
  count,
  CREATED_AT,
  integer,
  NAME,
  number,
  or,
  since,
  sizeOf,
  text,
  wide,
} from './column.ts';

/** Columns of the core kinds, RBAC, leases, events and webhooks. */
export const DEFAULT_COLUMNS: readonly Column[] = [NAME, CREATED_AT];

export const CORE_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  namespaces: [NAME, column('Status', 'Phase of the namespace.', text('status', 'phase')), AGE],
  configmaps: [
    NAME,
    column('Data', 'Number of keys.', (object) => sizeOf(object, 'data') + sizeOf(object, 'binaryData')),
    AGE,
  ],
  secrets: [
    NAME,
    column('Type', 'What the secret is used for.', text('type')),
    column('Data', 'Number of keys.', (object) => sizeOf(object, 'data')),
    AGE,
  ],
  serviceaccounts: [NAME, AGE],
  leases: [NAME, column('Holder', 'Who holds the lease.', text('spec', 'holderIdentity')), AGE],
  services: [
    NAME,
    column('Type', 'How the service is exposed.', serviceType),
    column('Cluster-IP', 'Address inside the cluster.', (object) =>
      or(textsAt(object, 'spec', 'clusterIPs')[0] ?? textAt(object, 'spec', 'clusterIP'), '<none>'),
    ),
    column('External-IP', 'Addresses outside the cluster.', externalAddresses),
    column('Port(s)', 'Ports and protocols.', servicePorts),
    AGE,
    column('Selector', 'Labels of the pods.', (object) => formatLabels(objectAt(object, 'spec', 'selector')), wide),
  ],
  endpointslices: [
    NAME,
    column('AddressType', 'Kind of the addresses.', text('addressType')),
    column('Ports', 'Ports of the endpoints.', (object) =>
      firstThree(
        listAt(object, 'ports').map((port) => plain(at(port, 'port') ?? '*')),
        '<unset>',
      ),
    ),
    column('Endpoints', 'Addresses.', (object) =>
      firstThree(
        listAt(object, 'endpoints').flatMap((endpoint) => textsAt(endpoint, 'addresses')),
        '<unset>',
      ),
    ),
    AGE,
  ],
  nodes: [
    NAME,
    column('Status', 'Whether the node is ready.', nodeStatus),
    column('Roles', 'Roles by label.', nodeRoles),
    AGE,
    column('Version', 'Version of the kubelet.', text('status', 'nodeInfo', 'kubeletVersion')),
    column('Internal-IP', 'Address inside.', (object) => nodeAddress(object, 'InternalIP'), wide),
    column('External-IP', 'Address outside.', (object) => nodeAddress(object, 'ExternalIP'), wide),
    column('OS-Image', 'Operating system.', (object) => nodeInfo(object, 'osImage'), wide),
    column('Kernel-Version', 'Version of the kernel.', (object) => nodeInfo(object, 'kernelVersion'), wide),
    column('Container-Runtime', 'Runtime.', (object) => nodeInfo(object, 'containerRuntimeVersion'), wide),
  ],
  events: [
    column('Last Seen', 'Time since it was last seen.', lastSeen),
    column('Type', 'Normal or Warning.', text('type')),
    column('Reason', 'Why it happened.', text('reason')),
    column('Object', 'What it is about.', eventObject),
    column('Subobject', 'Part of the object.', text('involvedObject', 'fieldPath'), wide),
    column('Source', 'Who reported it.', eventSource, wide),
    column('Message', 'What happened.', (object) => textAt(object, 'message').trim()),
    column('First Seen', 'Time since it was first seen.', firstSeen, wide),
    column(
      'Count',
      'How often it was seen.',
      (object) => number(object, 'series', 'count') || number(object, 'count') || 1,
      wide,
    ),
    { ...NAME, priority: 1 },
  ],
  persistentvolumeclaims: [
    NAME,
    column('Status', 'Phase of the claim.', (object) =>
      at(object, 'metadata', 'deletionTimestamp') === undefined ? textAt(object, 'status', 'phase') : 'Terminating',
    ),
    column('Volume', 'Bound volume.', text('spec', 'volumeName')),
    column('Capacity', 'Size of the volume.', (object) =>
      textAt(object, 'spec', 'volumeName') === '' ? '' : plain(at(object, 'status', 'capacity', 'storage') ?? '0'),
    ),
    column('Access Modes', 'How it may be mounted.', (object) =>
      textAt(object, 'spec', 'volumeName') === ''
        ? ''
        : textsAt(object, 'status', 'accessModes')
            .map((mode) => mode.replaceAll(/[^A-Z]/g, ''))
            .join(','),
    ),
    column('StorageClass', 'Class of storage.', text('spec', 'storageClassName')),
    column('VolumeAttributesClass', 'Class of attributes.', (object) =>
      or(textAt(object, 'spec', 'volumeAttributesClassName'), '<unset>'),
    ),
    AGE,
    column('VolumeMode', 'Block or Filesystem.', (object) => or(textAt(object, 'spec', 'volumeMode'), '<unset>'), wide),
  ],
  networkpolicies: [
    NAME,
    column('Pod-Selector', 'Pods it applies to.', (object) =>
      formatLabels(objectAt(object, 'spec', 'podSelector', 'matchLabels')),
    ),
    AGE,
  ],
  rolebindings: bindingColumns(),
  clusterrolebindings: bindingColumns(),
  mutatingwebhookconfigurations: webhookColumns(),
  validatingwebhookconfigurations: webhookColumns(),
  poddisruptionbudgets: [
    NAME,
    column('Min Available', 'Pods that must stay.', (object) => plain(at(object, 'spec', 'minAvailable') ?? 'N/A')),
    column('Max Unavailable', 'Pods that may go.', (object) => plain(at(object, 'spec', 'maxUnavailable') ?? 'N/A')),
    column('Allowed Disruptions', 'Evictions possible now.', count('status', 'disruptionsAllowed'), integer),
    AGE,
  ],
};

function bindingColumns(): readonly Column[] {
  const subjects = (kind: string) => (object: JsonObject) =>
    listAt(object, 'subjects')
      .filter((subject) => textAt(subject, 'kind') === kind)
      .map((subject) =>
        kind === 'ServiceAccount'
          ? `${textAt(subject, 'namespace')}/${textAt(subject, 'name')}`
          : textAt(subject, 'name'),
      )
      .join(', ');
  return [
    NAME,
    column(
      'Role',
      'Role that is granted.',
      (object) => `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`,
    ),
    AGE,
    column('Users', 'Users it is granted to.', subjects('User'), wide),
    column('Groups', 'Groups it is granted to.', subjects('Group'), wide),
    column('ServiceAccounts', 'Service accounts it is granted to.', subjects('ServiceAccount'), wide),
  ];
}

function webhookColumns(): readonly Column[] {
  return [NAME, column('Webhooks', 'Number of webhooks.', (object) => sizeOf(object, 'webhooks'), integer), AGE];
}

/** Services are stored as they come; without a type they mean this one. */
function serviceType(object: JsonObject): string {
  return or(textAt(object, 'spec', 'type'), 'ClusterIP');
}

function externalAddresses(object: JsonObject): string {
  const type = serviceType(object);
  const declared = textsAt(object, 'spec', 'externalIPs');
  if (type === 'ExternalName') return textAt(object, 'spec', 'externalName');
  if (type !== 'LoadBalancer') return or(declared.join(','), '<none>');
  const ingress = listAt(object, 'status', 'loadBalancer', 'ingress')
    .map((item) => or(textAt(item, 'ip'), textAt(item, 'hostname')))
    .sort(byText);
  return or([...ingress, ...declared].join(','), '<pending>');
}

function servicePorts(object: JsonObject): string {
  const ports = listAt(object, 'spec', 'ports').map((port) => {
    const node = number(port, 'nodePort');
    return `${number(port, 'port')}${node > 0 ? `:${node}` : ''}/${or(textAt(port, 'protocol'), 'TCP')}`;
  });
  return or(ports.join(','), '<none>');
}

function firstThree(items: readonly string[], none: string): string {
  if (items.length === 0) return none;
  const more = items.length - 3;
  return items.slice(0, 3).join(',') + (more > 0 ? ` + ${more} more...` : '');
}

function nodeStatus(object: JsonObject): string {
  const ready = listAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === 'Ready');
  const state = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return at(object, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(object: JsonObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.entries(objectAt(object, 'metadata', 'labels')).flatMap(([key, value]) => {
    if (key.startsWith(prefix) && key.length > prefix.length) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' && typeof value === 'string' && value !== '' ? [value] : [];
  });
  return or([...new Set(roles)].sort(byText).join(','), '<none>');
}

const nodeAddress = (object: JsonObject, type: string): string => {
  const found = listAt(object, 'status', 'addresses').find((address) => textAt(address, 'type') === type);
  return found === undefined ? '<none>' : textAt(found, 'address');
};

const nodeInfo = (object: JsonObject, field: string): string =>
  or(textAt(object, 'status', 'nodeInfo', field), '<unknown>');

function firstSeen(object: JsonObject, now: number): string {
  return since(at(object, 'firstTimestamp') ?? at(object, 'eventTime'), now);
}

function lastSeen(object: JsonObject, now: number): string {
  const latest = at(object, 'series', 'lastObservedTime') ?? at(object, 'lastTimestamp');
  return latest === undefined || latest === null ? firstSeen(object, now) : since(latest, now);
}

function eventObject(object: JsonObject): string {
  const kind = textAt(object, 'involvedObject', 'kind').toLowerCase();
  const name = textAt(object, 'involvedObject', 'name');
  return name === '' ? kind : `${kind}/${name}`;
}

function eventSource(object: JsonObject): string {
  const reporter = or(textAt(object, 'source', 'component'), textAt(object, 'reportingComponent'));
  const where = or(textAt(object, 'source', 'host'), textAt(object, 'reportingInstance'));
  return where === '' ? reporter : `${reporter}, ${where}`;
}
