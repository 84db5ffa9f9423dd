export * from './conditions.ts';
export { timeOf } from './time.ts';
