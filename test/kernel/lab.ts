// Everything that the kernel suite needs, built once and removed at the end.
import { type Actors, startActors } from './actors.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { createNetwork, type Network } from './network.ts';

export interface Lab {
  readonly network: Network;
  readonly actors: Actors;
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

export async function startLab(): Promise<Lab> {
  const network = createNetwork();
  const actors = await startActors(network);
  const cluster = await startCluster(network);
  return {
    network,
    actors,
    cluster,
    async stop() {
      await cluster.stop();
      actors.stop();
      network.remove();
    },
  };
}
