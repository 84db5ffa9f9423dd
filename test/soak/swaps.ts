import { startLab } from '../kernel/lab.ts';
import { whyNot } from '../kernel/network.ts';
import { agentVariant, swapUnderTraffic } from '../kernel/swaps.ts';

/** Changes of rules under traffic on the real kernel. Says its figures; answers whether any packet was let through or lost. */
export async function soakSwaps(swaps: number, say: (line: string) => void): Promise<boolean> {
  const reason = whyNot();
  if (reason !== undefined) {
    say(`SKIPPED: swaps under traffic: ${reason}`);
    return false;
  }
  const lab = await startLab();
  try {
    const { sent, leaked, calls, failed } = await swapUnderTraffic(lab, {
      swaps,
      load: (program) => lab.cluster.load('rome', program),
      variant: agentVariant,
    });
    say(
      `soak: ${swaps} swaps: ${leaked} of ${sent} denied datagrams passed, ${failed} of ${calls} allowed calls failed`,
    );
    return leaked > 0 || failed > 0;
  } finally {
    await lab.stop();
  }
}
