import type { DeclaredPort } from '../../api/index.ts';
import type { Draft, WorkloadObject } from './draft.ts';

type Field = Readonly<Record<string, unknown>>;

/** What a container port may be called (IANA_SVC_NAME). */
const CONTAINER_PORT = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

/** The declared ports, sorted by name. */
function portsOf(draft: Draft): readonly (readonly [string, DeclaredPort])[] {
  return Object.entries(draft.service.spec.service?.ports ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The ports of the pod, each number once. */
export function containerPorts(draft: Draft): readonly Field[] {
  const byNumber = new Map<string, Field>();
  for (const [name, port] of portsOf(draft)) {
    const number = targetOf(draft, name, port);
    const { protocol = 'TCP' } = port;
    if (number === undefined || byNumber.has(`${number}/${protocol}`)) continue;
    byNumber.set(`${number}/${protocol}`, {
      ...(CONTAINER_PORT.test(name) ? { name } : {}),
      containerPort: number,
      protocol,
    });
  }
  return [...byNumber.values()];
}

/** The Service of the declared ports; undefined without any. */
export function serviceObject(draft: Draft): WorkloadObject | undefined {
  const seen = new Map<string, string>();
  const ports = portsOf(draft).map(([name, port]) => {
    const { protocol = 'TCP' } = port;
    const id = `${port.port}/${protocol}`;
    const other = seen.get(id);
    if (other !== undefined) {
      const message = `has the number and protocol of "${other}": a Service has each once`;
      draft.add('PortTwice', 'error', ['spec', 'service', 'ports', name], message, 'give it another port');
    }
    seen.set(id, name);
    return { name, port: port.port, protocol, targetPort: targetOf(draft, name, port) ?? port.port };
  });
  if (ports.length === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: draft.name, namespace: draft.namespace, labels: draft.labels },
    spec: { ports, selector: draft.selector },
  };
}

function targetOf(draft: Draft, name: string, { port, targetPort = port }: DeclaredPort): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  const named = draft.service.spec.service?.ports?.[targetPort];
  const target = named?.targetPort ?? named?.port;
  if (typeof target === 'number') return target;
  const message = `"${targetPort}" is the name of no other port here, so that nobody knows its number`;
  const path = ['spec', 'service', 'ports', name, 'targetPort'];
  const known = draft.findings.some((finding) => finding.code === 'TargetPortNamed' && finding.path?.[3] === name);
  if (!known) draft.add('TargetPortNamed', 'error', path, message, 'write the number that the container listens on');
  return undefined;
}
