import type { Barred } from './barred.ts';
import type { DeclaredServicePort, ServiceDeclaration } from './declare-service.ts';
import { GATEWAY_LABEL, type PodTraits, type ServiceFact } from './facts.ts';
import { byText } from './key.ts';
import type { Labels, MeshMode, Port, Waypoint, Workload } from './model.ts';
import { type GraphState, overlapsOf, podsOf } from './state.ts';

/** Namespaces whose pods the cluster itself, an engine or Lattice needs: only shadow services are accepted there. */
const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'istio-system',
  'cilium',
  'cilium-system',
  'liqo',
  'liqo-system',
  'lattice-system',
]);

/** A service as its doors know it, and the Gateways that were looked at on the way. */
export interface Resolved {
  readonly workload: Workload;
  readonly gateways: readonly string[];
}

/** Unites what is declared with what the cluster's own objects say. */
export function resolveWorkload(state: GraphState, service: ServiceDeclaration): Resolved {
  const pods = podsOf(state, service);
  const kubeServices = kubeServicesOf(state, service, pods);
  const meshes = meshModes(state, service, pods);
  const services = serviceNames(state, service, kubeServices);
  const front = services.length === 0 ? AT_ITS_PODS : waypointOf(state, service, kubeServices);
  const barred = barredBecause(state, service, pods, meshes, front);
  const [waypoint] = front.waypoints;
  return {
    gateways: front.gateways,
    workload: {
      key: service.key,
      namespace: service.namespace,
      name: service.name,
      selectors: [service.selector],
      accounts: accountsOf(service, pods),
      mesh: meshes[0] ?? 'none',
      mode: service.mode,
      ports: state.portLists.shared(portsOf(state, service, pods, kubeServices).ports),
      services,
      ...(waypoint && meshes[0] === 'ambient' ? { waypoint } : {}),
      direct: front.direct,
      ...(barred === undefined ? {} : { barred }),
    },
  };
}

/** The ports of a service, and the declared ones whose named target port no known pod has. */
export function portsOf(
  { settings }: GraphState,
  service: ServiceDeclaration,
  pods: readonly PodTraits[],
  kubeServices: readonly ServiceFact[],
): { readonly ports: readonly Port[]; readonly unresolved: readonly DeclaredServicePort[] } {
  const wanted = service.ports ?? portsOfServices(kubeServices) ?? portsOfPods(pods);
  const unresolved: DeclaredServicePort[] = [];
  const ports: Port[] = [];
  for (const port of wanted) {
    const declared = targetPortsOf(port, pods, kubeServices);
    const { deployed } = service;
    const targetPorts = settings.live
      ? distinct([...declared, ...livePorts(port, deployed, pods, kubeServices)])
      : declared;
    if (targetPorts.length === 0) unresolved.push(port);
    else ports.push({ name: port.name, port: port.port, targetPorts, protocol: port.protocol });
  }
  return { ports, unresolved };
}

/** Services that lead to these pods: the ones named, or all of the namespace that select them. */
export function kubeServicesOf(
  state: GraphState,
  service: ServiceDeclaration,
  pods: readonly PodTraits[],
): ServiceFact[] {
  const keys = service.services
    ? new Set(service.services.map((name) => `${service.namespace}/${name}`))
    : new Set([
        ...state.kubeSelectors.selecting(service.namespace, service.selector),
        ...pods.flatMap((pod) => state.kubeSelectors.selecting(pod.namespace, pod.labels)),
      ]);
  return [...keys].sort().flatMap((key) => state.kubeServices.get(key) ?? []);
}

/**
 * The Services of these pods. Where none is known, one of the service's own name is assumed, unless that one leads elsewhere:
 * a policy on it would let this service's callers through to the pods of another.
 */
function serviceNames(
  state: GraphState,
  service: ServiceDeclaration,
  found: readonly ServiceFact[],
): readonly string[] {
  if (service.services) return service.services.toSorted();
  const names = found.map((each) => each.name);
  const assumed = service.deployed || names.length === 0;
  if (assumed && !state.kubeServices.has(service.key)) names.push(service.name);
  return names.sort();
}

/** A service without Services is called at its pods, which no waypoint fronts. */
const AT_ITS_PODS = { waypoints: [], gateways: [], direct: true } as const;

function accountsOf(service: ServiceDeclaration, pods: readonly PodTraits[]): readonly string[] {
  const declared = service.account ?? (service.deployed ? service.name : undefined);
  if (pods.length === 0) return [declared ?? 'default'];
  const accounts = new Set(pods.map((pod) => pod.account));
  if (declared !== undefined) accounts.add(declared);
  return [...accounts].sort();
}

/** How one pod takes part in the mesh. */
export function meshModeOf(state: GraphState, pod: PodTraits): MeshMode {
  if (pod.hostNetwork) return 'none';
  const home = state.namespaces.get(pod.namespace)?.dataplane ?? state.settings.mesh;
  // Istio marks its gateways dataplane-mode none: nothing is redirected there, yet they speak for themselves.
  const gateway = state.settings.mesh === 'ambient' && Object.hasOwn(pod.labels, GATEWAY_LABEL);
  return gateway && pod.dataplane !== 'sidecar' ? 'gateway' : (pod.dataplane ?? home);
}

function meshModes(state: GraphState, service: ServiceDeclaration, pods: readonly PodTraits[]): MeshMode[] {
  const home = state.namespaces.get(service.namespace)?.dataplane ?? state.settings.mesh;
  const inMesh = state.settings.mesh === 'ambient';
  if (pods.length === 0) return [inMesh && Object.hasOwn(service.selector, GATEWAY_LABEL) ? 'gateway' : home];
  return [...new Set(pods.map((pod) => meshModeOf(state, pod)))].sort();
}

const NO_WAYPOINT = { waypoints: [], gateways: [], direct: true } as const;

function waypointOf(
  state: GraphState,
  service: ServiceDeclaration,
  kubeServices: readonly ServiceFact[],
): { readonly waypoints: readonly Waypoint[]; readonly gateways: readonly string[]; readonly direct: boolean } {
  const home = state.namespaces.get(service.namespace)?.waypoint;
  if (home === undefined && kubeServices.length === 0) return NO_WAYPOINT;
  const named =
    kubeServices.length === 0
      ? [home]
      : kubeServices.map((each) => (each.headless ? undefined : (each.waypoint ?? home)));
  const gateways = [...new Set(named.flatMap((key) => (key === undefined || key === 'none' ? [] : [key])))].sort();
  const waypoints = gateways.flatMap((key): Waypoint[] => {
    const gateway = state.gateways.get(key);
    const serving = gateway && gateway.programmed !== false && gateway.serves === 'service';
    return serving ? [{ namespace: gateway.namespace, name: gateway.name, account: gateway.name }] : [];
  });
  const fronted = new Set(waypoints.map((each) => `${each.namespace}/${each.name}`));
  return { waypoints, gateways, direct: named.some((key) => key === undefined || !fronted.has(key)) };
}

function barredBecause(
  state: GraphState,
  service: ServiceDeclaration,
  pods: readonly PodTraits[],
  meshes: readonly MeshMode[],
  front: { readonly waypoints: readonly Waypoint[]; readonly gateways: readonly string[] },
): Barred | undefined {
  if (service.mode === 'enforce' && SYSTEM_NAMESPACES.has(service.namespace)) return 'SystemNamespace';
  if (pods.some((pod) => pod.hostNetwork)) return 'IdentityIsNode';
  if ([service.selector, ...pods.map((pod) => pod.labels)].some(switchesCilium)) return 'LabelSwitchesCilium';
  if (overlapsOf(state, service, pods).length > 0) return 'PodInTwoServices';
  if (meshes.includes('sidecar')) return 'SidecarUnsupported';
  if (meshes.length > 1) return 'MeshModeMixed';
  if (front.waypoints.length > 1) return 'SeveralWaypoints';
  // Pods addressed directly through such a waypoint meet no policy of a Service, and the pods admit the waypoint.
  if (front.gateways.some((key) => state.gateways.get(key)?.serves === 'all')) return 'WaypointForAll';
  return undefined;
}

/** Cilium takes a label with the key `host` or `init`, of any source, for its own: the first switches policy off for the pod. */
function switchesCilium(labels: Labels): boolean {
  return Object.hasOwn(labels, 'host') || Object.hasOwn(labels, 'init');
}

function targetPortsOf(
  port: DeclaredServicePort,
  pods: readonly PodTraits[],
  kubeServices: readonly ServiceFact[],
): readonly number[] {
  const targets = port.targetPort === undefined ? mappedPorts(port, kubeServices) : [port.targetPort];
  const numbers = targets.flatMap((target) =>
    typeof target === 'number' ? [target] : pods.flatMap((pod) => containerPorts(pod, target, port.protocol)),
  );
  return distinct(numbers);
}

function distinct(numbers: readonly number[]): readonly number[] {
  return numbers.length < 2 ? numbers : [...new Set(numbers)].sort((a, b) => a - b);
}

/**
 * Where this port of the pods that live is, when another number is declared: a change of it rolls out. A Service alone
 * says nothing: only what a pod lists itself is united, so that a wrong number in a Service opens nothing.
 */
function livePorts(
  port: DeclaredServicePort,
  deployed: boolean,
  pods: readonly PodTraits[],
  kubeServices: readonly ServiceFact[],
): readonly number[] {
  if (!deployed && typeof port.targetPort !== 'number') return [];
  const sentTo = new Set<number | string>(targetsOf(port, kubeServices));
  // What Lattice deploys names its container ports as they are declared.
  if (deployed) sentTo.add(port.name);
  return pods.flatMap((pod) =>
    pod.ports
      .filter((each) => each.protocol === port.protocol && (sentTo.has(each.port) || sentTo.has(each.name)))
      .map((each) => each.port),
  );
}

/** Where the real Services send this port: a declaration without targetPort means what they mean. */
function mappedPorts(port: DeclaredServicePort, kubeServices: readonly ServiceFact[]): readonly (number | string)[] {
  const mapped = targetsOf(port, kubeServices);
  return mapped.length === 0 ? [port.port] : mapped;
}

function targetsOf(port: DeclaredServicePort, kubeServices: readonly ServiceFact[]): readonly (number | string)[] {
  return kubeServices
    .filter((service) => !service.headless)
    .flatMap((service) => service.ports)
    .filter((each) => each.port === port.port && each.protocol === port.protocol)
    .map((each) => each.targetPort);
}

function containerPorts(pod: PodTraits, name: string, protocol: string): number[] {
  return pod.ports.filter((port) => port.name === name && port.protocol === protocol).map((port) => port.port);
}

function portsOfServices(kubeServices: readonly ServiceFact[]): readonly DeclaredServicePort[] | undefined {
  const all = kubeServices.flatMap((service) => service.ports);
  return all.length === 0 ? undefined : unnamedToNamed(all);
}

function portsOfPods(pods: readonly PodTraits[]): readonly DeclaredServicePort[] {
  return unnamedToNamed(pods.flatMap((pod) => pod.ports.map((port) => ({ ...port, targetPort: port.port }))));
}

/** One entry per (port, protocol, target), named by its first name, else by its number. */
function unnamedToNamed(
  ports: readonly (Omit<DeclaredServicePort, 'targetPort'> & { readonly targetPort: number | string })[],
): readonly DeclaredServicePort[] {
  const byTarget = new Map(ports.map((port) => [`${port.port}/${port.protocol}/${port.targetPort}`, port]));
  const taken = new Map<string, number>();
  return [...byTarget.values()]
    .sort(
      (a, b) => a.port - b.port || byText(a.protocol, b.protocol) || byText(String(a.targetPort), String(b.targetPort)),
    )
    .map((port) => {
      const wanted = port.name === '' ? `port-${port.port}` : port.name;
      const count = (taken.get(wanted) ?? 0) + 1;
      taken.set(wanted, count);
      return { ...port, name: count === 1 ? wanted : `${wanted}-${count}` };
    })
    .sort((a, b) => byText(a.name, b.name));
}
