// A program as Liqo's own object.
export { type LiqoShape, shapeOf } from './capability.ts';
export type { FirewallConfiguration, FirewallTable, TableSet } from './firewall-configuration.ts';
export { namesOf, type PeeringNames } from './names.ts';
export { type Inexpressible, type Printed, printLiqo, type PrintOptions } from './print.ts';
export { isCut, lostIn } from './survives.ts';
export { nextSwap, type SwapStep } from './swap.ts';
