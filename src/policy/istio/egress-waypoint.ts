import type { Finding } from '../../api/index.ts';
import type { EgressWaypointView, HostView } from '../../graph/index.ts';
import type { Compiled } from '../draft.ts';
import { ownerOf } from '../name.ts';
import { checked } from './checks.ts';
import { authorizationPolicy } from './objects.ts';

/**
 * Closes the egress waypoint for whatever no ServiceEntry's policy allows: an ALLOW without rules on the Gateway (I1).
 * ALLOW policies unite (I2), so it takes nothing from the hosts' own; it must be an ALLOW, since a DENY would win.
 */
export function compileEgressWaypoint({ waypoint, hosts }: EgressWaypointView): Compiled {
  const owner = ownerOf({ kind: 'egress-waypoint' });
  const target = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: waypoint.name } as const;
  const policy = authorizationPolicy(
    owner,
    { namespace: waypoint.namespace, suffix: '' },
    { targetRefs: [target] },
    [],
  );
  return { drafts: [checked({ unit: owner.unit, ...policy })], findings: shadowed(hosts) };
}

/**
 * Callers of a wildcard that cannot reach one of its names, because that name has a ServiceEntry of its own: the mesh
 * routes a name by its narrowest entry, whoever wrote it, and that one's policies name its own callers only.
 */
function shadowed(hosts: readonly HostView[]): readonly Finding[] {
  const wildcards = new Map(hosts.filter(({ host }) => host.startsWith('*.')).map((each) => [each.host, each]));
  return hosts.flatMap((narrow) =>
    coveredBy(narrow.host).flatMap((name) => {
      const wide = wildcards.get(name);
      return wide ? shutOut(wide, narrow) : [];
    }),
  );
}

/** `*.b.c` and `*.c` for `a.b.c`: a wildcard covers names of any depth, and not the name that follows its dot. */
function coveredBy(host: string): readonly string[] {
  const labels = host.split('.');
  return labels.slice(1).flatMap((_, index) => {
    const wildcard = ['*', ...labels.slice(index + 1)].join('.');
    return wildcard === host ? [] : [wildcard];
  });
}

function shutOut(wide: HostView, narrow: HostView): readonly Finding[] {
  return wide.ports.flatMap(({ port, callers }) => {
    const own = narrow.ports.filter((other) => other.port === port).flatMap((other) => other.callers);
    const admitted = new Set(own.map(({ key }) => key));
    return callers
      .filter((caller) => caller.mesh === 'ambient' && caller.barred === undefined && !admitted.has(caller.key))
      .map((caller) => ({
        code: 'HostShadowed',
        severity: 'error' as const,
        object: { kind: 'LatticeService', namespace: caller.namespace, name: caller.name },
        message: `${caller.key} -> ${wide.host}:${port} is closed for ${narrow.host}, which is declared on its own`,
        fix: `Let ${caller.key} and ${narrow.host}:${port} agree too.`,
        edge: { from: caller.key, to: wide.host },
      }));
  });
}
