// Waits for a condition of another process, which can only be asked.

/**
 * Asks until the answer is not undefined. Rejects when `limitMs` have passed, with what `probe` threw last, also where
 * `probe` itself does not come back.
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  limitMs = 90_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await within(what, Promise.resolve(probe()), end - performance.now());
      if (found !== undefined) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`in ${limitMs / 1000} s it did not come true: ${what}`, { cause: last });
}

/** What `promise` comes to. Rejects when it has not settled after `limitMs`. */
export async function within<T>(what: string, promise: Promise<T>, limitMs = 30_000): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`in ${limitMs / 1000} s it did not come about: ${what}`)), limitMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
