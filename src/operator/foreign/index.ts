export { type EngineSettings, type Foreign, openForeign } from './foreign.ts';
export { type ForeignObject, foreignOf } from './foreign-object.ts';
export { ALONE, decideExclusive, type Opinion } from './opinion.ts';
