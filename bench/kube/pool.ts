/** Runs `task` for 0 to count - 1, `width` at a time. The milliseconds that each took. */
export async function pool(
  count: number,
  width: number,
  task: (index: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const took: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, count) }, async () => {
      while (next < count) {
        const index = next++;
        const began = performance.now();
        await task(index);
        took.push(performance.now() - began);
      }
    }),
  );
  return took;
}
