// What is generated of charts: definitions as templates, variants of a chart, and rendered manifests.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findHelm } from '../../conformance/helm/helm.ts';
import { customResourceDefinitions } from '../../src/api/index.ts';
import { type Bundle, BUNDLES } from './bundles.ts';
import { definitionsTemplate } from './definitions-template.ts';

const DEFINITIONS = 'templates/definitions.yaml';

export interface GeneratedCharts {
  /** By path below the repository. */
  readonly files: ReadonlyMap<string, string>;
  /** Why manifests were not rendered. */
  readonly skipped: string | undefined;
}

/** Every generated file of every chart. Manifests are rendered where helm is found, and left out where it is not. */
export function generateCharts(root: string, env: NodeJS.ProcessEnv): GeneratedCharts {
  const files = new Map<string, string>();
  for (const bundle of BUNDLES) for (const [path, text] of chartFiles(root, bundle)) files.set(path, text);
  const helm = findHelm(env);
  if (helm.kind === 'skipped') return { files, skipped: helm.reason };
  for (const bundle of BUNDLES) files.set(bundle.install, rendered(helm.program, root, bundle, files));
  return { files, skipped: undefined };
}

function chartFiles(root: string, bundle: Bundle): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const { chart, variantOf } = bundle;
  if (variantOf) {
    for (const folder of [variantOf.chart, variantOf.own]) {
      for (const file of globSync('**/*', { cwd: join(root, folder) }).sort()) {
        const path = join(root, folder, file);
        if (statSync(path).isFile()) files.set(join(chart, file), readFileSync(path, 'utf8'));
      }
    }
  }
  const known = customResourceDefinitions();
  const wanted = bundle.definitions?.map((plural) => {
    const found = known.find(({ metadata }) => metadata.name.startsWith(`${plural}.`));
    if (!found) throw new Error(`${chart}: no definition has the plural ${plural}`);
    return found;
  });
  files.set(join(chart, DEFINITIONS), definitionsTemplate(wanted ?? known));
  return files;
}

/** What `helm template` makes of the chart as it is, with the generated files in their newest form. */
function rendered(helm: string, root: string, bundle: Bundle, generated: ReadonlyMap<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-chart-'));
  try {
    const { chart, release, namespace, set, about } = bundle;
    if (!bundle.variantOf) cpSync(join(root, chart), join(folder, chart), { recursive: true });
    for (const [path, text] of generated) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const values = set.flatMap((each) => ['--set', each]);
    const { status, stdout, stderr, error } = spawnSync(
      helm,
      ['template', release, join(folder, chart), '--namespace', namespace, ...values],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    if (status !== 0) throw new Error(`helm template ${chart}: ${stderr}`, { cause: error });
    const head = [...about, `Generated from ${chart} by "npm run generate".`];
    return `${head.map((line) => `# ${line}\n`).join('')}${stdout}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
