/** A ServiceEntry as far as it decides where the traffic of a host goes. */
export interface HostEntry {
  readonly namespace: string;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly ports: ReadonlySet<number>;
  /** `namespace/name` of the Gateway that its labels name. */
  readonly waypoint: string | undefined;
  /** A field that sends the traffic elsewhere than to what the host's name resolves to, by name. */
  readonly diverted: string | undefined;
}

/** ServiceEntries among objects, by host: what a host's traffic through a waypoint is judged as. */
export function serviceEntriesOf(objects: readonly unknown[]): ReadonlyMap<string, readonly HostEntry[]> {
  const entries = new Map<string, HostEntry[]>();
  for (const object of objects) {
    const entry = isRecord(object) && object['kind'] === 'ServiceEntry' ? readEntry(object) : undefined;
    for (const host of entry?.hosts ?? []) {
      const known = entries.get(host);
      if (entry && known) known.push(entry);
      else if (entry) entries.set(host, [entry]);
    }
  }
  return entries;
}

/** Why the entry does not carry this port of the host through the Gateway; undefined when it does. */
export function strays(entry: HostEntry, gateway: { readonly namespace: string; readonly name: string }, port: number) {
  if (entry.waypoint !== `${gateway.namespace}/${gateway.name}`) return 'NotThroughWaypoint';
  return entry.ports.has(port) ? undefined : 'NoServicePort';
}

/** Fields of `spec` by which an entry names its own destination: nothing here says where that is. */
const DIVERTING = ['endpoints', 'workloadSelector', 'addresses'] as const;

function readEntry({ metadata, spec }: Readonly<Record<string, unknown>>): HostEntry | undefined {
  if (!isRecord(metadata) || !isRecord(spec) || !Array.isArray(spec['hosts'])) return undefined;
  const { namespace, name } = metadata;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  const hosts = spec['hosts'].filter((host) => typeof host === 'string');
  return {
    namespace,
    name,
    hosts,
    ports: new Set(portsOf(spec['ports'])),
    waypoint: waypointOf(metadata['labels'], namespace),
    diverted: divertedBy(spec, hosts),
  };
}

function portsOf(ports: unknown): readonly number[] {
  return (Array.isArray(ports) ? ports : []).flatMap((port: unknown) => {
    const number = isRecord(port) ? port['number'] : undefined;
    return typeof number === 'number' ? [number] : [];
  });
}

function waypointOf(labels: unknown, namespace: string): string | undefined {
  if (!isRecord(labels)) return undefined;
  const { 'istio.io/use-waypoint': name, 'istio.io/use-waypoint-namespace': home = namespace } = labels;
  return typeof name === 'string' && typeof home === 'string' ? `${home}/${name}` : undefined;
}

/** A wildcard is only resolved by DYNAMIC_DNS, and every other host by DNS. */
function divertedBy(spec: Readonly<Record<string, unknown>>, hosts: readonly string[]): string | undefined {
  const field = DIVERTING.find((each) => spec[each] !== undefined && !isEmpty(spec[each]));
  if (field !== undefined) return field;
  const wanted = hosts.some((host) => host.startsWith('*')) ? 'DYNAMIC_DNS' : 'DNS';
  if (spec['resolution'] !== wanted) return 'resolution';
  return spec['location'] === 'MESH_INTERNAL' ? 'location' : undefined;
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
