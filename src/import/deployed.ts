import { at, compact, isRecord, listAt, type Raw, recordAt, textAt, wordOf } from './json.ts';

type Report = (path: readonly string[], message: string, fix?: string) => void;

const POD_FIELDS = [
  'containers',
  'serviceAccountName',
  'serviceAccount',
  'volumes',
  'securityContext',
  'restartPolicy',
  'terminationGracePeriodSeconds',
  'automountServiceAccountToken',
  'enableServiceLinks',
  'dnsPolicy',
  'schedulerName',
];
const CONTAINER_FIELDS = [
  'name',
  'image',
  'command',
  'args',
  'env',
  'ports',
  'resources',
  'volumeMounts',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'securityContext',
  'imagePullPolicy',
  'terminationMessagePath',
  'terminationMessagePolicy',
];

/** `containers` of a LatticeService for a pod that exists, and the volumes that it mounts. What does not fit is reported. */
export function deployedSpec(pod: Raw, report: Report): { readonly containers: Raw; readonly volumes: Raw } {
  const spec = recordAt(pod, 'spec');
  for (const field of Object.keys(spec)) {
    if (!POD_FIELDS.includes(field))
      report(['spec'], `the pod's ${field} has no place in a LatticeService: it is left out`);
  }
  const volumes: Record<string, Raw> = {};
  const containers = listAt(spec, 'containers').map((container): [string, Raw] => {
    const name = textAt(container, 'name') ?? 'app';
    return [name, containerOf(name, recordAt(container), spec, volumes, report)];
  });
  return { containers: Object.fromEntries(containers), volumes };
}

function containerOf(name: string, container: Raw, spec: Raw, volumes: Record<string, Raw>, report: Report): Raw {
  const path = ['spec', 'containers', name];
  for (const field of Object.keys(container)) {
    if (!CONTAINER_FIELDS.includes(field)) report(path, `the container's ${field} has no place here: it is left out`);
  }
  const variables: Record<string, string> = {};
  for (const env of listAt(container, 'env')) {
    const variable = textAt(env, 'name') ?? '';
    const value = at(env, 'value');
    if (at(env, 'valueFrom') !== undefined) {
      const fix =
        'let a resource give it: a credential of a LatticeExternalService, or an output of a LatticeResourceClass';
      report(
        [...path, 'variables', variable],
        'comes from a Secret, a ConfigMap or the pod itself: it is left out',
        fix,
      );
    } else variables[variable] = wordOf(value).replaceAll('${', '$${');
  }
  const mounts: Record<string, Raw> = {};
  for (const mount of listAt(container, 'volumeMounts')) {
    const target = textAt(mount, 'mountPath') ?? '';
    const entry = textAt(mount, 'name') ?? '';
    const volume = listAt(spec, 'volumes').find((each) => at(each, 'name') === entry);
    const made = volumeOf(volume);
    if (!made) {
      report(
        [...path, 'volumes', target],
        `the volume ${entry} is neither an emptyDir nor a claim: it is left out`,
        'write its content under files',
      );
      continue;
    }
    volumes[entry] = made;
    mounts[target] = compact({
      source: `\${resources.${entry}}`,
      path: at(mount, 'subPath'),
      readOnly: at(mount, 'readOnly'),
    });
  }
  const security = recordAt(container, 'securityContext');
  const { runAsUser, runAsGroup, runAsNonRoot, readOnlyRootFilesystem } = {
    ...recordAt(spec, 'securityContext'),
    ...security,
  };
  const add = listAt(security, 'capabilities', 'add');
  const { image, command, args, livenessProbe, readinessProbe, startupProbe } = container;
  return compact({
    image,
    command,
    args,
    variables,
    resources: resourcesOf(container['resources'], path, report),
    volumes: mounts,
    securityContext: compact({
      runAsUser,
      runAsGroup,
      runAsNonRoot,
      readOnlyRootFilesystem,
      capabilities: add.length > 0 ? { add } : undefined,
    }),
    livenessProbe,
    readinessProbe,
    startupProbe,
  });
}

function volumeOf(volume: unknown): Raw | undefined {
  if (isRecord(at(volume, 'emptyDir'))) return { type: 'volume', params: { ephemeral: true } };
  const claim = textAt(volume, 'persistentVolumeClaim', 'claimName');
  return claim === undefined ? undefined : { type: 'volume', params: { claim } };
}

function resourcesOf(resources: unknown, path: readonly string[], report: Report): Raw {
  const part = (name: string): Raw => {
    const given = recordAt(resources, name);
    for (const field of Object.keys(given)) {
      if (field !== 'cpu' && field !== 'memory')
        report([...path, 'resources'], `${name}.${field} has no place here: it is left out`);
    }
    return compact({ cpu: given['cpu'], memory: given['memory'] });
  };
  return compact({ requests: part('requests'), limits: part('limits') });
}
