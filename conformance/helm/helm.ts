// Finds or builds helm. Run by itself it builds it and prints where it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram, findProgram, type FoundProgram, type GoProgram, printProgram } from '../go-program.ts';

const helm = (): GoProgram => ({
  title: 'helm',
  name: 'helm',
  module: import.meta.dirname,
  sources: ['go.mod', 'go.sum'],
  package: 'helm.sh/helm/v3/cmd/helm',
  ldflags: versionFlags(),
  variable: 'LATTICE_HELM',
  command: 'node conformance/helm/helm.ts',
});

/** LATTICE_HELM, else what was built from this folder's go.mod; never built by this function. */
export const findHelm = (env: NodeJS.ProcessEnv): FoundProgram => findProgram(helm(), env);

/** Like {@link findHelm}, and builds it first where it is missing and Go is there. */
export const buildHelm = (env: NodeJS.ProcessEnv, say: (line: string) => void): FoundProgram =>
  buildProgram(helm(), env, say);

/** Without them it renders for Kubernetes 1.20, as its own releases do not: theirs is that of its libraries. */
function versionFlags(): string {
  const minor = /k8s\.io\/client-go v0\.(\d+)\./.exec(readFileSync(join(import.meta.dirname, 'go.mod'), 'utf8'))?.[1];
  if (minor === undefined) throw new Error('conformance/helm/go.mod does not require k8s.io/client-go');
  const places = ['pkg/chartutil', 'pkg/lint/rules'].map((place) => `-X helm.sh/helm/v3/${place}.k8sVersion`);
  return places.map((place) => `${place}Major=1 ${place}Minor=${minor}`).join(' ');
}

if (import.meta.main) printProgram(helm());
