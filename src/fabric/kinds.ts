import type { z } from 'zod';
import {
  fabricMemberSlice,
  type FabricMemberSlice,
  fabricProgram,
  type FabricProgram,
  formatPath,
  parseAs,
} from '../api/index.ts';
import { isKubeObject, type JsonObject, type Kind, type KindName, only, type Projection } from '../kube/index.ts';

const GROUP = { group: 'fabric.lattice.dev', version: 'v1alpha1', namespaced: false } as const;

export const FABRIC_PROGRAM: KindName = { ...GROUP, kind: 'FabricProgram', plural: 'fabricprograms' };
export const FABRIC_MEMBER_SLICE: KindName = { ...GROUP, kind: 'FabricMemberSlice', plural: 'fabricmemberslices' };
export const FABRIC_NODE_STATUS: Kind = {
  ...GROUP,
  kind: 'FabricNodeStatus',
  plural: 'fabricnodestatuses',
  is: isKubeObject,
};
export const NODE: Kind = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
  is: isKubeObject,
};

/** The spec of an object, or why it cannot be read. */
export type ReadSpec<T> = T | { readonly trouble: string };

export const programSpecs: Projection<ReadSpec<FabricProgram['spec']>> = specsOf(fabricProgram.shape.spec);
export const sliceSpecs: Projection<ReadSpec<FabricMemberSlice['spec']>> = specsOf(fabricMemberSlice.shape.spec);

function specsOf<T>(schema: z.ZodType<T>): Projection<ReadSpec<T>> {
  return {
    mask: only('spec'),
    of: (object: JsonObject) => {
      const { spec } = object;
      const isMap = typeof spec === 'object' && spec !== null && !Array.isArray(spec);
      const parsed = parseAs(schema, isMap ? Object.fromEntries(Object.entries(spec)) : {});
      if (parsed.ok) return parsed.value;
      const issues = parsed.issues.map(({ path, message }) => `${formatPath(['spec', ...path])}: ${message}`);
      return { trouble: `cannot be read: ${issues.slice(0, 3).join('; ')}` };
    },
  };
}
