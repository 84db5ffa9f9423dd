import { API_VERSION, type Finding } from '../api/index.ts';
import { podTemplateOf } from '../graph/index.ts';
import { deployedSpec } from './deployed.ts';
import { at, compact, listAt, type Raw, recordAt, textAt, wordOf } from './json.ts';

export interface FromManifests {
  readonly services: readonly Raw[];
  readonly findings: readonly Finding[];
}

/** `adopt`: the pods stay whose they are. `deploy`: Lattice makes them from now on. */
export type ImportMode = 'adopt' | 'deploy';

interface Found {
  readonly name: string;
  readonly namespace: string;
  readonly kind: string;
  readonly pod: Raw;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly services: readonly Raw[];
}

/**
 * Turns existing manifests into LatticeServices, one for each workload. Who calls whom is read from variables and arguments
 * that name a Service; such agreements are marked, and everything that cannot be known is a finding: a human has the say.
 */
export function fromKubernetes(objects: readonly Raw[], defaultNamespace: string, mode: ImportMode): FromManifests {
  const findings: Finding[] = [];
  const kubeServices = objects.filter((object) => object['kind'] === 'Service');
  const found = objects
    .flatMap((object): Found[] => workloadOf(object, kubeServices, defaultNamespace))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const taken = new Map<string, Found>();
  for (const each of found) {
    const other = taken.get(keyOf(each));
    if (!other) taken.set(keyOf(each), each);
    else
      findings.push(
        review(each, [], `a ${other.kind} has the same name: this ${each.kind} is left out`, 'rename one of them'),
      );
  }
  const workloads = [...taken.values()];
  const calls = workloads.flatMap((caller) => callsOf(caller, workloads));
  return {
    services: workloads.map((each) => serviceOf(each, calls, mode, findings)),
    findings: [...findings, ...workloads.flatMap((each) => unknowns(each, calls))],
  };
}

interface Call {
  readonly caller: Found;
  readonly callee: Found;
  /** Number or name of the callee's port; undefined when only its name is written. */
  readonly port: number | undefined;
  readonly evidence: string;
}

function workloadOf(object: Raw, kubeServices: readonly Raw[], defaultNamespace: string): Found[] {
  const kind = textAt(object, 'kind') ?? '';
  const name = textAt(object, 'metadata', 'name');
  const template = podTemplateOf(kind);
  if (!template || name === undefined) return [];
  const pod = recordAt(object, ...template);
  const namespace = textAt(object, 'metadata', 'namespace') ?? defaultNamespace;
  const labels = stringsOf(recordAt(pod, 'metadata', 'labels'));
  const declared = stringsOf(recordAt(object, 'spec', 'selector', 'matchLabels'));
  const selector = Object.keys(declared).length > 0 ? declared : labels;
  const services = kubeServices.filter((service) => {
    const wanted = Object.entries(stringsOf(recordAt(service, 'spec', 'selector')));
    const home = textAt(service, 'metadata', 'namespace') ?? defaultNamespace;
    return home === namespace && wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
  return [{ name, namespace, kind, pod, labels, selector, services }];
}

function serviceOf(found: Found, calls: readonly Call[], mode: ImportMode, findings: Finding[]): Raw {
  const mine = calls.filter(({ caller, callee }) => caller === found || callee === found);
  const resources: Record<string, Raw> = {};
  for (const { caller, callee, port } of mine) {
    const outbound = caller === found;
    const peer = outbound ? callee : caller;
    const near = peer.namespace === found.namespace ? {} : { namespace: peer.namespace };
    const ports = outbound && port !== undefined && hasPort(callee, port) ? { ports: [port] } : {};
    const key = outbound ? peer.name : `${peer.name}-caller`;
    resources[key] = {
      ...resources[key],
      ...(outbound ? {} : { direction: 'inbound' }),
      id: peer.name,
      ...near,
      ...ports,
    };
  }
  const account = textAt(found.pod, 'spec', 'serviceAccountName');
  const deployable = mode === 'deploy' && (found.kind === 'Deployment' || found.kind === 'StatefulSet');
  if (mode === 'deploy' && !deployable) {
    findings.push(review(found, [], `a ${found.kind} cannot be deployed by Lattice: it is adopted`));
  }
  const marks = mine.map(({ caller, callee, evidence }) => `${caller.name} calls ${callee.name} (${evidence})`);
  const annotations = marks.length > 0 ? { 'lattice.dev/review': [...new Set(marks)].sort().join('; ') } : {};
  const ports = portsOf(found, deployable);
  const running = deployable
    ? deployedSpec(found.pod, (path, message, fix) => findings.push(review(found, path, message, fix)))
    : { containers: undefined, volumes: {} };
  return {
    apiVersion: API_VERSION,
    kind: 'LatticeService',
    metadata: compact({ name: found.name, namespace: found.namespace, annotations }),
    spec: compact({
      containers: running.containers,
      selector: deployable ? undefined : { matchLabels: found.selector },
      serviceAccount: deployable ? account : (account ?? 'default'),
      service: Object.keys(ports).length > 0 ? { ports } : undefined,
      resources: { ...running.volumes, ...resources },
    }),
  };
}

function portsOf({ services, pod }: Found, deployable: boolean): Raw {
  const ports: Record<string, Raw> = {};
  for (const service of services) {
    for (const raw of listAt(service, 'spec', 'ports')) {
      const port = at(raw, 'port');
      if (typeof port !== 'number') continue;
      const name = textAt(raw, 'name') ?? `port-${port}`;
      const named = at(raw, 'targetPort');
      // What is deployed has its ports by number.
      const target = deployable && typeof named === 'string' ? (containerPort(pod, named) ?? named) : named;
      const protocol = textAt(raw, 'protocol');
      ports[name] ??= compact({
        port,
        targetPort: target === port ? undefined : target,
        protocol: protocol === 'TCP' ? undefined : protocol,
      });
    }
  }
  return ports;
}

function containerPort(pod: Raw, name: string): number | undefined {
  const ports = listAt(pod, 'spec', 'containers').flatMap((container) => listAt(container, 'ports'));
  const port = at(
    ports.find((each) => at(each, 'name') === name),
    'containerPort',
  );
  return typeof port === 'number' ? port : undefined;
}

function hasPort({ services }: Found, number: number): boolean {
  return services.some((service) => listAt(service, 'spec', 'ports').some((each) => at(each, 'port') === number));
}

/** `name`, `name.namespace` or longer, with a port after it: how programs are told where another one is. */
function callsOf(caller: Found, workloads: readonly Found[]): Call[] {
  const hosts = new Map<string, Found>();
  for (const callee of workloads) {
    for (const service of callee.services) {
      const name = textAt(service, 'metadata', 'name') ?? '';
      if (callee.namespace === caller.namespace) hosts.set(name, callee);
      for (const tail of ['', '.svc', '.svc.cluster.local']) hosts.set(`${name}.${callee.namespace}${tail}`, callee);
    }
  }
  const calls = new Map<string, Call>();
  for (const container of listAt(caller.pod, 'spec', 'containers')) {
    const texts = [
      ...listAt(container, 'env').map(
        (env) => [`variable ${textAt(env, 'name') ?? ''}`, textAt(env, 'value') ?? ''] as const,
      ),
      ...[...listAt(container, 'args'), ...listAt(container, 'command')].map(
        (each) => ['argument', wordOf(each)] as const,
      ),
    ];
    for (const [evidence, text] of texts) {
      for (const [, host = '', port] of text.matchAll(
        /(?<![\w.-])([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?::(\d{1,5}))?(?![\w.-]*[\w])/g,
      )) {
        const callee = hosts.get(host);
        if (!callee || callee === caller) continue;
        // A bare word may be anything; with a port, or as a whole value, it is an address.
        if (port === undefined && text !== host && !text.includes(`//${host}`)) continue;
        const id = `${keyOf(callee)} ${port ?? ''}`;
        if (!calls.has(id))
          calls.set(id, { caller, callee, port: port === undefined ? undefined : Number(port), evidence });
      }
    }
  }
  return [...calls.values()];
}

function unknowns(found: Found, calls: readonly Call[]): Finding[] {
  const out: Finding[] = [];
  for (const { callee, evidence } of calls.filter(({ caller }) => caller === found)) {
    out.push(
      review(
        found,
        ['spec', 'resources', callee.name],
        `is read from ${evidence}: both halves are written, and somebody must agree`,
      ),
    );
  }
  const called = calls.some(({ callee }) => callee === found);
  if (!called && found.services.length > 0) {
    const fix = 'add an entry for each caller under spec.resources: NAME: {direction: inbound}';
    out.push(review(found, ['spec', 'resources'], 'offers ports, and no manifest says who calls it', fix));
  }
  if (textAt(found.pod, 'spec', 'serviceAccountName') === undefined) {
    const fix = 'give it a ServiceAccount of its own: in a mesh it shares its identity otherwise';
    out.push(review(found, ['spec', 'serviceAccount'], 'runs under the ServiceAccount default', fix));
  }
  return out;
}

function review(found: Found, path: readonly string[], message: string, fix?: string): Finding {
  const object = { kind: 'LatticeService', namespace: found.namespace, name: found.name };
  return { code: 'ReviewNeeded', severity: 'warning', message, object, path, ...(fix === undefined ? {} : { fix }) };
}

function keyOf({ namespace, name }: Found): string {
  return `${namespace}/${name}`;
}

function stringsOf(value: Raw): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
