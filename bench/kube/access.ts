import { type ClusterAccess, accessOf } from '../../src/kube/index.ts';

/** The server that a measured process is told of: its address, and BENCH_CA and BENCH_TOKEN. */
export function benchAccess(server: string): ClusterAccess {
  const access = accessOf({
    currentContext: 'bench',
    clusters: new Map([['bench', { server }]]),
    users: new Map(),
    contexts: new Map([['bench', { cluster: 'bench' }]]),
  });
  const token = process.env.BENCH_TOKEN;
  return {
    ...access,
    ca: { text: process.env.BENCH_CA ?? '' },
    bearer: token === undefined ? { kind: 'none' } : { kind: 'token', token },
  };
}
