/** Whether declarations that are gone were revoked, asked of the server once for each that goes, or for many at once. */
export interface Certainty {
  /** A declaration is gone. */
  doubt(): void;
  /** Resolves to whether everything that went until now was revoked. Rejects when the server does not say. */
  confirm(): Promise<boolean>;
}

/**
 * A definition that is deleted takes every declaration with it, and that revokes nothing. Its own watch may tell of it
 * later than the watch of the declarations, so `ask` reads it: it is on its way out before the first of them goes.
 */
export function openCertainty(ask: () => Promise<boolean>): Certainty {
  let gone = 0;
  let confirmed = 0;
  let asking: Promise<boolean> | undefined;
  const begin = async (): Promise<boolean> => {
    const before = gone;
    try {
      const revoked = await ask();
      if (revoked) confirmed = before;
      return revoked;
    } finally {
      asking = undefined;
    }
  };
  const confirm = async (): Promise<boolean> => {
    if (confirmed >= gone) return true;
    asking ??= begin();
    return (await asking) && confirm();
  };
  return {
    doubt() {
      gone++;
    },
    confirm,
  };
}
