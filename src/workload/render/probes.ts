import type { DeclaredProbe } from '../../api/index.ts';
import type { Draft, Path } from './draft.ts';

const HANDLERS = ['httpGet', 'exec', 'tcpSocket', 'grpc'] as const;

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

/** A probe as Kubernetes has it, ports as numbers; undefined when it is wrong, which is a finding then. */
export function renderProbe(
  draft: Draft,
  kind: ProbeKind,
  probe: DeclaredProbe,
  path: Path,
): Readonly<Record<string, unknown>> | undefined {
  const before = draft.findings.length;
  const wrong = (field: string, message: string, fix?: string): void =>
    draft.add('ProbeInvalid', 'error', field === '' ? path : [...path, field], message, fix);
  if (HANDLERS.filter((name) => probe[name] !== undefined).length !== 1) {
    wrong('', `needs exactly one of ${HANDLERS.join(', ')}`);
  }
  if (kind !== 'readinessProbe' && (probe.successThreshold ?? 1) > 1) wrong('successThreshold', 'must be 1 here');
  if (kind === 'readinessProbe' && probe.terminationGracePeriodSeconds !== undefined) {
    wrong('terminationGracePeriodSeconds', 'has no meaning here: a pod that is not ready is not ended');
  }
  if (probe.terminationGracePeriodSeconds === 0) wrong('terminationGracePeriodSeconds', 'must be at least 1');
  for (const { name } of probe.httpGet?.httpHeaders ?? []) {
    if (!/^[-A-Za-z0-9]+$/.test(name)) wrong('httpGet', 'a header has letters, digits and "-" in its name');
  }
  const port = (declared: number | string, handler: string): number | undefined => {
    if (typeof declared === 'number') return declared;
    const named = draft.service.spec.service?.ports?.[declared];
    const target = named?.targetPort ?? named?.port;
    if (typeof target === 'number') return target;
    wrong(handler, `there is no port "${declared}" in spec.service.ports`, 'write its number');
    return undefined;
  };
  const { httpGet, tcpSocket, ...rest } = probe;
  const rendered = {
    ...rest,
    ...(httpGet ? { httpGet: { ...httpGet, port: port(httpGet.port, 'httpGet') } } : {}),
    ...(tcpSocket ? { tcpSocket: { ...tcpSocket, port: port(tcpSocket.port, 'tcpSocket') } } : {}),
  };
  return draft.findings.length > before ? undefined : rendered;
}
