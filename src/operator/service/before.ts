/** Whether `event` came before one of the signals. */
export async function before(
  event: Promise<void>,
  signals: readonly AbortSignal[],
  broken: Promise<never>,
): Promise<boolean> {
  const signal = AbortSignal.any([...signals]);
  const { promise: aborted, resolve } = Promise.withResolvers<false>();
  const onAbort = (): void => resolve(false);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([event.then(() => true), aborted, broken]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
