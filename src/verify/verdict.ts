// What an evaluator answers: the vocabulary that every engine's judge shares.

/** Names one object of an engine and, where known, the part of it that decided. */
export interface ObjectRef {
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  /** Path of the deciding rule inside the object, such as `spec.ingress[2]`. */
  readonly rule?: string;
}

/**
 * One door's answer to one flow. `undecided` means that the objects use something which the evaluator
 * does not model; `reason` then names it. Undecided is never proof.
 */
export interface Verdict {
  readonly verdict: 'allowed' | 'denied' | 'undecided';
  /** A PascalCase word, stable enough to test against, such as `NoPolicy`, `AllowRule`, `DenyRule`, `DefaultDeny`. */
  readonly reason: string;
  readonly decidedBy: readonly ObjectRef[];
}

/** An object that the API server or the engine would refuse, so that it enforces nothing. */
export interface Refusal {
  readonly object: ObjectRef;
  /** `schema`: the API server refuses it; `agent`: stored, but the engine refuses it and enforces nothing. */
  readonly stage: 'schema' | 'agent';
  readonly message: string;
}
