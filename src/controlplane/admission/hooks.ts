import type { JsonObject } from '../json.ts';
import type { Resource } from '../kinds/resource.ts';
import type { User } from '../server/authenticate.ts';

/** A write before it is stored, as admission sees it. */
export interface Attempt {
  readonly resource: Resource;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly object: JsonObject | undefined;
  readonly old: JsonObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  readonly warnings: string[];
}

/** Admission webhooks. */
export interface Hooks {
  /** The object as the mutating webhooks leave it. @throws ApiError if one refuses. */
  readonly mutate: (attempt: Attempt, object: JsonObject) => Promise<JsonObject>;
  /** @throws ApiError if a validating webhook refuses. */
  readonly validate: (attempt: Attempt) => Promise<void>;
}
