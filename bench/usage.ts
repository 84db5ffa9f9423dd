// Preloaded into a command (`node --import`): writes what it used to the file named in BENCH_USAGE when it ends.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpu: (userCPUTime + systemCPUTime) / 1000, peakMB: (maxRSS * 1024) / 1e6 };
  writeFileSync(process.env['BENCH_USAGE'] ?? '/dev/null', JSON.stringify(usage));
});
