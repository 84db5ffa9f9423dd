/** What each reason for barring means, and how to mend it. */
const REASONS = {
  SystemNamespace: [
    'this namespace belongs to the cluster: default deny here could cut off the cluster itself',
    'write "mode: shadow"',
  ],
  IdentityIsNode: [
    'its pods use the host network: to every engine they are the node, not this service',
    'run the pods without hostNetwork, or let its peers name the node as a built-in peer',
  ],
  PodInTwoServices: ['another LatticeService selects some of the same pods', 'make the selectors disjoint'],
  SidecarUnsupported: [
    'its pods get an Istio sidecar, whose verdicts Lattice cannot prove yet',
    'enrol the namespace in ambient mode, or switch injection off for these pods',
  ],
  MeshModeMixed: [
    'some of its pods are in the mesh and some are not',
    'give all of its pods the same istio.io/dataplane-mode',
  ],
  SeveralWaypoints: [
    'its Services name different waypoints',
    'label all Services of these pods with one istio.io/use-waypoint',
  ],
  LabelSwitchesCilium: [
    'its pods have a label with the key "host" or "init", which Cilium takes for its own and enforces nothing for them',
    'give the label another key',
  ],
  WaypointForAll: [
    'its waypoint serves pods addressed directly too, past every policy on its Services',
    'label the Gateway istio.io/waypoint-for: service',
  ],
  ServiceShared: [
    'a Service of it leads to the pods of another LatticeService too, and their waypoint cannot tell them apart',
    'give each a Service of its own, or label that Service istio.io/use-waypoint: none',
  ],
  SharedIdentity: [
    'the mesh cannot tell it from other workloads with the same ServiceAccount',
    'give it a ServiceAccount of its own, or accept it with "allowSharedIdentity: true"',
  ],
} as const satisfies Readonly<Record<string, readonly [message: string, fix: string]>>;

/** Why no door is written for a service, or an agreed edge stays closed: the code of a finding. */
export type Barred = keyof typeof REASONS;

/** Why an agreed edge stays closed, in words. */
export function barredReason(code: Barred): { readonly message: string; readonly fix: string } {
  const [message, fix] = REASONS[code];
  return { message, fix };
}
