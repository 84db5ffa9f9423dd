import { API_VERSION, type Finding } from '../api/index.ts';
import { compact, isRecord, listAt, type Raw, recordAt, textAt, wordOf } from './json.ts';

/** What a Score file becomes, and what a human has to look at. */
export interface FromScore {
  readonly service: Raw;
  readonly findings: readonly Finding[];
}

/** How a file that `source` names is read; undefined when it cannot be. */
export type ReadSource = (source: string) => string | undefined;

const FIELDS = ['apiVersion', 'kind', 'metadata', 'containers', 'service', 'resources'];

/** Whether a document is a workload of score.dev. */
export function isScore(raw: unknown): raw is Raw {
  return isRecord(raw) && textAt(raw, 'apiVersion')?.startsWith('score.dev/') === true;
}

/** Reads a workload of score.dev/v1b1 as a LatticeService. Score knows callees, never callers: those are for a human. */
export function fromScore(raw: Raw, readSource: ReadSource): FromScore {
  const name = textAt(raw, 'metadata', 'name') ?? '';
  const report = new Report(name);
  if (raw['apiVersion'] !== 'score.dev/v1b1')
    report.error(['apiVersion'], `${wordOf(raw['apiVersion'])} is not known`, 'write score.dev/v1b1');
  for (const field of Object.keys(raw)) {
    if (!FIELDS.includes(field)) report.review([field], 'is no field of Score that Lattice knows: it is left out');
  }
  const { name: _, ...metadata } = recordAt(raw, 'metadata');
  const resources = Object.fromEntries(
    Object.entries(recordAt(raw, 'resources')).flatMap(([entry, resource]) =>
      resourceOf(entry, isRecord(resource) ? resource : {}, report),
    ),
  );
  const environments = Object.entries(recordAt(raw, 'resources')).flatMap(([entry, each]) =>
    textAt(each, 'type') === 'environment' ? [entry] : [],
  );
  const containers = Object.fromEntries(
    Object.entries(recordAt(raw, 'containers')).map(([each, container]) => [
      each,
      containerOf(each, isRecord(container) ? container : {}, { environments, readSource, report }),
    ]),
  );
  const ports = Object.keys(recordAt(raw, 'service', 'ports'));
  if (ports.length > 0) {
    const fix = 'add an entry for each caller under spec.resources: NAME: {direction: inbound}';
    report.review(['service', 'ports'], 'Score does not say who may call this service, so that nobody may', fix);
  }
  const annotations = recordAt(metadata, 'annotations');
  return {
    service: {
      apiVersion: API_VERSION,
      kind: 'LatticeService',
      metadata: compact({ name, annotations }),
      spec: compact({ containers, service: raw['service'], resources }),
    },
    findings: report.findings,
  };
}

/** Types that Score's implementations serve, and Lattice does in another way or not at all. */
const OTHERWISE: Readonly<Record<string, string>> = {
  dns: 'a name that the world calls: declare a LatticeExternalService with sources, and the gateway in front',
  route: 'a route from outside: declare the gateway that the world reaches, and let it call this service',
};

function resourceOf(entry: string, resource: Raw, report: Report): [string, Raw][] {
  const type = textAt(resource, 'type') ?? 'service';
  const { id } = resource;
  const path = ['resources', entry];
  if (type === 'environment') return [];
  if (type === 'service-port') {
    const workload = textAt(resource, 'params', 'workload');
    const port = textAt(resource, 'params', 'port');
    return [[entry, compact({ id: workload ?? entry, ports: port === undefined ? undefined : [port] })]];
  }
  const otherwise = Object.hasOwn(OTHERWISE, type) ? OTHERWISE[type] : undefined;
  if (otherwise !== undefined) {
    report.review([...path, 'type'], `"${type}" is not a resource here: it is left out`, otherwise);
    return [];
  }
  if (type === 'volume') return [[entry, compact({ type, class: resource['class'], params: resource['params'] })]];
  if (type === 'service') return [[entry, compact({ type, id })]];
  const known = typeof id === 'string' && !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(id);
  if (known) report.review([...path, 'id'], `"${wordOf(id)}" cannot be the name of an object: write one in lower case`);
  return [[entry, compact({ type, class: resource['class'], id: known ? undefined : id, params: resource['params'] })]];
}

interface ContainerOptions {
  readonly environments: readonly string[];
  readonly readSource: ReadSource;
  readonly report: Report;
}

function containerOf(name: string, container: Raw, options: ContainerOptions): Raw {
  const { image, command, args, resources, livenessProbe, readinessProbe, startupProbe } = container;
  const variables = Object.fromEntries(
    Object.entries(recordAt(container, 'variables')).map(([key, value]) => [
      key,
      placeholders(wordOf(value), options.environments),
    ]),
  );
  return compact({
    image,
    command,
    args,
    variables,
    resources,
    files: filesOf(name, container['files'], options),
    volumes: volumesOf(container['volumes']),
    livenessProbe,
    readinessProbe,
    startupProbe,
  });
}

/** `${resources.env.KEY}` of an environment resource is `${env.KEY}` here; all others mean the same. */
function placeholders(text: string, environments: readonly string[]): string {
  return environments.reduce((result, entry) => result.replaceAll(`\${resources.${entry}.`, '${env.'), text);
}

/** A map by path, or the list with `target` of earlier files. */
function filesOf(container: string, files: unknown, { environments, readSource, report }: ContainerOptions): Raw {
  const entries = Array.isArray(files)
    ? files.map((file: unknown): [string, unknown] => [textAt(file, 'target') ?? '', file])
    : Object.entries(isRecord(files) ? files : {});
  return Object.fromEntries(
    entries.map(([target, file]) => {
      const path = ['containers', container, 'files', target];
      const source = textAt(file, 'source');
      const given = recordAt(file);
      const read = source === undefined ? undefined : readSource(source);
      if (source !== undefined && read === undefined)
        report.error([...path, 'source'], `${source} cannot be read`, 'put it beside the Score file');
      const content =
        read ?? (Array.isArray(given['content']) ? listAt(file, 'content').join('\n') : textAt(file, 'content'));
      const mode = given['mode'];
      return [
        target,
        compact({
          content:
            content === undefined
              ? undefined
              : given['noExpand'] === true
                ? content
                : placeholders(content, environments),
          binaryContent: given['binaryContent'],
          mode: mode === undefined ? undefined : wordOf(mode).replace(/^0o/, ''),
          noExpand: given['noExpand'],
        }),
      ];
    }),
  );
}

function volumesOf(volumes: unknown): Raw {
  const entries = Array.isArray(volumes)
    ? volumes.map((volume: unknown): [string, unknown] => [textAt(volume, 'target') ?? '', volume])
    : Object.entries(isRecord(volumes) ? volumes : {});
  return Object.fromEntries(
    entries.map(([target, volume]) => {
      const { source, path, readOnly, read_only: earlier } = recordAt(volume);
      return [target, compact({ source, path, readOnly: readOnly ?? earlier })];
    }),
  );
}

class Report {
  readonly findings: Finding[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  review(path: readonly string[], message: string, fix?: string): void {
    this.#add('ReviewNeeded', 'warning', path, message, fix);
  }

  error(path: readonly string[], message: string, fix?: string): void {
    this.#add('ScoreInvalid', 'error', path, message, fix);
  }

  #add(code: string, severity: Finding['severity'], path: readonly string[], message: string, fix?: string): void {
    const object = { kind: 'Workload', namespace: '', name: this.#name };
    this.findings.push({ code, severity, message, object, path, ...(fix === undefined ? {} : { fix }) });
  }
}
