import {
  type Finding,
  isLattice,
  type Issue,
  issueFinding,
  type LatticeExternalService,
  type LatticeResourceClass,
  type LatticeService,
  parseObject,
  type PeeringConnectivity,
} from '../api/index.ts';
import { checkManifest } from './check-manifest.ts';
import type { Loaded, LoadedObject, Places } from './io/index.ts';

/** An object of another kind than Lattice's, from a file or from a cluster. */
export type OtherObject = Pick<LoadedObject, 'raw' | 'apiVersion' | 'kind' | 'namespace' | 'name'>;

/** The input, understood: Lattice's own objects validated, all others as they are. */
export interface Declared {
  readonly lattice: readonly (LatticeService | LatticeExternalService)[];
  readonly classes: readonly LatticeResourceClass[];
  /** Of another engine than the service graph. */
  readonly peerings: readonly PeeringConnectivity[];
  readonly others: readonly OtherObject[];
  /** What kept something from being read; any error here means exit code 2. */
  readonly findings: readonly Finding[];
  /** Puts the place where it is written on a finding about an object of the input. */
  readonly placed: (finding: Finding) => Finding;
}

/** Validates what was loaded. Each issue becomes a finding with its file, line and column. */
export function understand(loaded: Loaded): Declared {
  const lattice: (LatticeService | LatticeExternalService)[] = [];
  const classes: LatticeResourceClass[] = [];
  const peerings: PeeringConnectivity[] = [];
  const others: LoadedObject[] = [];
  const findings: Finding[] = [...loaded.findings];
  const known = new Map<string, LoadedObject>();
  for (const object of loaded.objects) {
    known.set(keyOf(object), object);
    if (object.apiVersion.startsWith('score.dev/')) {
      findings.push(scoreFile(object, loaded.places));
      continue;
    }
    if (!isLattice(object.raw)) {
      others.push(object);
      for (const issue of checkManifest(object.raw)) {
        findings.push({ ...findingOf(issue, object, loaded.places), code: 'InvalidManifest' });
      }
      continue;
    }
    const parsed = parseObject(object.raw);
    if (!parsed.ok) {
      const found = parsed.issues.map((issue) => findingOf(issue, object, loaded.places));
      findings.push(...found.sort((a, b) => lineOf(a) - lineOf(b)));
    } else if (parsed.value.kind === 'LatticeConfig') findings.push(unusedConfig(object, loaded.places));
    else if (parsed.value.kind === 'LatticeResourceClass') classes.push(parsed.value);
    else if (parsed.value.kind === 'PeeringConnectivity') peerings.push(inNamespace(parsed.value, object.namespace));
    else lattice.push(parsed.value);
  }
  const placed = (finding: Finding): Finding => place(finding, known, loaded.places);
  return { lattice, classes, peerings, others, findings: withoutEchoes(findings), placed };
}

/** What validation says of a value that has two readings depends on the reading: it is said once that it has two. */
function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const lineText = ({ file, line }: Finding): string => `${file}:${line}`;
  const ambiguous = new Set(findings.filter(({ code }) => code === 'AmbiguousScalar').map(lineText));
  return findings.filter((finding) => finding.code !== 'InvalidField' || !ambiguous.has(lineText(finding)));
}

function inNamespace(peering: PeeringConnectivity, namespace: string): PeeringConnectivity {
  return { ...peering, metadata: { ...peering.metadata, namespace } };
}

function lineOf({ line = 0, column = 0 }: Finding): number {
  return line + column / 1e9;
}

/** An issue of validation as a finding. */
export function findingOf(issue: Issue, object: LoadedObject, places: Places): Finding {
  return {
    ...issueFinding(issue),
    object: { kind: object.kind, namespace: object.namespace, name: object.name },
    ...places.of(object, issue.path),
  };
}

function scoreFile(object: LoadedObject, places: Places): Finding {
  return {
    code: 'ScoreNotConverted',
    severity: 'error',
    message: 'is a Score file, and no declaration of Lattice',
    object: { kind: object.kind, namespace: object.namespace, name: object.name },
    fix: `convert it first: lattice score ${object.source.file}`,
    ...places.of(object, ['apiVersion']),
  };
}

function unusedConfig(object: LoadedObject, places: Places): Finding {
  return {
    code: 'ConfigNotUsed',
    severity: 'info',
    message: 'a LatticeConfig among the inputs has no effect by itself',
    object: { kind: object.kind, namespace: '', name: object.name },
    fix: `give it with --config ${object.source.file}`,
    ...places.of(object, ['kind']),
  };
}

function place(finding: Finding, known: ReadonlyMap<string, LoadedObject>, places: Places): Finding {
  if (finding.file !== undefined || !finding.object) return finding;
  const object = known.get(keyOf(finding.object));
  return object ? { ...finding, ...places.of(object, finding.path ?? ['metadata', 'name']) } : finding;
}

function keyOf(object: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}
