// `npm run bench -- workload [SERVICES]`: render and apply services that Lattice deploys. Applied to the embedded control plane.
import { customResourceDefinitions, isLattice, type LatticeService, parseObject } from '../../src/api/index.ts';
import { startControlPlane } from '../../src/controlplane/index.ts';
import { exemptionsOf, ServiceGraph } from '../../src/graph/index.ts';
import { accessOf, createClient, parseKubeconfig, untyped } from '../../src/kube/index.ts';
import { startOperator, workloadController } from '../../src/operator/index.ts';
import { aroundGraph, Provisions, renderService } from '../../src/workload/index.ts';

const count = Number(process.argv[2] ?? 1500);
const cluster = { name: 'bench', domain: 'cluster.local', trustDomain: 'cluster.local', more: {}, env: {} };
const exemptions = exemptionsOf(undefined);
const services = Array.from({ length: count }, (_, index) => declared(index));

renderAll('first');
renderAll('warm');
await applyAll();

/** Six callees each, one variable and one file with their addresses. */
function declared(index: number): LatticeService {
  const peers = Array.from({ length: 6 }, (_, step) => `s${(index + step * 7 + 1) % count}`);
  const callers = Array.from({ length: 6 }, (_, step) => `s${(index - step * 7 - 1 + 42 * count) % count}`);
  const raw = {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name: `s${index}`, namespace: 'bench' },
    spec: {
      containers: {
        app: {
          image: 'registry.example.com/app:1',
          variables: Object.fromEntries(peers.map((peer, each) => [`PEER_${each}`, `\${resources.${peer}.url}`])),
          files: { '/etc/app.conf': { content: peers.map((peer) => `\${resources.${peer}.host}`).join('\n') } },
        },
      },
      service: { ports: { http: { port: 80, targetPort: 8080 } } },
      resources: {
        ...Object.fromEntries(peers.map((peer) => [peer, {}])),
        ...Object.fromEntries(callers.map((caller) => [`${caller}-caller`, { direction: 'inbound', id: caller }])),
      },
    },
  };
  const parsed = isLattice(raw) ? parseObject(raw) : undefined;
  if (parsed?.ok !== true || parsed.value.kind !== 'LatticeService') throw new Error('the bench declares nonsense');
  return parsed.value;
}

function renderAll(name: string): void {
  const began = performance.now();
  const provisions = new Provisions(cluster);
  const graph = ServiceGraph.of(
    services.flatMap((service) => provisions.put(service).put),
    { mesh: 'none', exemptions },
  );
  const around = aroundGraph({ graph, provisions, cluster, external: () => undefined, config: () => ({}) });
  const built = performance.now();
  let objects = 0;
  for (const service of services) {
    const rendered = renderService(service, 'bench', around);
    if (rendered.kind !== 'rendered') throw new Error('a service of the bench is refused');
    objects += rendered.objects.length;
  }
  say(
    `render (${name}): ${count} services, ${objects} objects: graph ${ms(built - began)}, rendering ${ms(performance.now() - built)}`,
  );
}

async function applyAll(): Promise<void> {
  const plane = await startControlPlane({ crds: customResourceDefinitions() });
  const access = accessOf(parseKubeconfig([{ path: 'plane', folder: '.', text: plane.kubeconfig }]));
  const client = createClient(access, { maxInFlight: 64 });
  const call = { signal: new AbortController().signal };
  const kind = (group: string, version: string, name: string, plural: string, namespaced = true) =>
    untyped({ group, version, kind: name, plural, namespaced });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } };
  await client.apply(kind('', 'v1', 'Namespace', 'namespaces', false), namespace, call);
  const lattice = kind('lattice.dev', 'v1alpha1', 'LatticeService', 'latticeservices');
  await Promise.all(
    services.map((service) =>
      client.create(lattice, { ...service, metadata: { name: service.metadata.name, namespace: 'bench' } }, call),
    ),
  );
  const began = performance.now();
  const operator = startOperator({
    access,
    settings: { mesh: 'none', exemptions },
    compile: { engines: ['kubernetes'], trustDomain: 'cluster.local', clusterName: 'bench', mesh: 'none', exemptions },
    controllers: [workloadController()],
    identity: 'bench',
  });
  await operator.ready;
  while (!operator.state().controllers.every(({ idle }) => idle)) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  const seconds = (performance.now() - began) / 1000;
  const deployments = await client.list(kind('apps', 'v1', 'Deployment', 'deployments'), call);
  say(
    `apply: ${deployments.length} services in ${seconds.toFixed(1)} s, ${(deployments.length / seconds).toFixed(0)} services/s (server in the same process)`,
  );
  await operator.close();
  await client.close();
  await plane.close();
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
