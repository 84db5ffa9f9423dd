export {
  createClient,
  FIELD_MANAGER,
  type ApplyCall,
  type Call,
  type Client,
  type ClientOptions,
  type DeleteCall,
  type JsonPatchOperation,
  type ListCall,
  type Page,
  type Scale,
  type WriteCall,
} from './client.ts';
export { discover, findKind, type DiscoveredKind } from './discovery.ts';
export { withQuery, type QueryValue } from './query.ts';
export type { HttpAnswer } from './transport.ts';
