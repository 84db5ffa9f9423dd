// The door of the importers: other tools' files -> declarations.
export { fromKubernetes, type ImportMode } from './kubernetes.ts';
export { fromScore, isScore } from './score.ts';
