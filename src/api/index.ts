// The door of the vocabulary: every kind that Lattice declares, and the types that rooms share.
export { type BuiltinPeerSpec, ENTITIES, type LatticeConfig, type PodSelector } from './config.ts';
export { customResourceDefinitions } from './crd.ts';
export type { CustomResourceDefinition } from './definition.ts';
export { type Endpoint, type Host, hostText, parseEndpoint, type Scheme } from './endpoint.ts';
export type { LatticeExternalService } from './external-service.ts';
export {
  FABRIC_API_VERSION,
  type FabricBypass,
  fabricMemberSlice,
  type FabricMemberSlice,
  fabricNodeStatus,
  type FabricNodeStatus,
  type FabricPath,
  fabricProgram,
  type FabricProgram,
  type FabricProgramReport,
  PATH_CLASSES,
  type PathClass,
  SLICE_CAPACITY,
} from './fabric.ts';
export type { FirewallParty, FirewallProgram, FirewallRule, FirewallSet } from './firewall-program.ts';
export { type Finding, formatPath, type ObjectName, type Severity } from './finding.ts';
export { type Cidr, containsCidr, formatAddress, formatCidr, overlapsCidr, parseCidr } from './ip.ts';
export { type JsonSchema, jsonSchema } from './json-schema.ts';
export { API_VERSION } from './metadata.ts';
export {
  type Issue,
  issueFinding,
  isLattice,
  KINDS,
  type LatticeObject,
  type Parsed,
  parseAs,
  parseObject,
} from './parse.ts';
export {
  PEERING_API_VERSION,
  PEERING_GROUPS,
  type PeeringConnectivity,
  type PeeringGroup,
  type PeeringParty,
  type PeeringRule,
} from './peering-connectivity.ts';
export type { DeclaredContainer, DeclaredProbe } from './container.ts';
export type { ClassOutput, LatticeResourceClass } from './resource-class.ts';
export { type DeclaredPort, type LatticeService, PROTOCOLS, type Protocol, type ServiceResource } from './service.ts';
export { parseSource, type Source } from './source.ts';
export { specAliases } from './spelling.ts';
export { closest } from './suggest.ts';
