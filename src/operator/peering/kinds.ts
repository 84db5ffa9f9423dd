import { type Kind, untyped } from '../../kube/index.ts';

const liqo = (group: string, version: string, kind: string, plural: string): Kind =>
  untyped({ group: `${group}.liqo.io`, version, kind, plural, namespaced: true });
const fabric = (kind: string, plural: string): Kind =>
  untyped({ group: 'fabric.lattice.dev', version: 'v1alpha1', kind, plural, namespaced: false });

export const PEERING = liqo('security', 'v1', 'PeeringConnectivity', 'peeringconnectivities');
export const NETWORK = liqo('ipam', 'v1alpha1', 'Network', 'networks');
export const CONFIGURATION = liqo('networking', 'v1beta1', 'Configuration', 'configurations');
export const VIRTUAL_NODE = liqo('offloading', 'v1beta1', 'VirtualNode', 'virtualnodes');
export const OFFLOADING = liqo('offloading', 'v1beta1', 'NamespaceOffloading', 'namespaceoffloadings');
export const FIREWALL = liqo('networking', 'v1beta1', 'FirewallConfiguration', 'firewallconfigurations');
export const PROGRAM = fabric('FabricProgram', 'fabricprograms');
export const SLICE = fabric('FabricMemberSlice', 'fabricmemberslices');
export const NODE_STATUS = fabric('FabricNodeStatus', 'fabricnodestatuses');
export const POD = untyped({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });
export const NODE = untyped({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });
export const DEFINITION = untyped({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
