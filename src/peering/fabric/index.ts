// A program as objects that the node agents load.
export { decideFabric, fabricObjects, type FabricStep, NO_FABRIC, type StoredFabric } from './decide.ts';
