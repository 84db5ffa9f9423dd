// The objects of the Istio compiler against Istio's own CRDs, schema and CEL rules, in the embedded control plane.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { istio } from '../../src/policy/istio/index.ts';
import {
  EGRESS,
  fromBuiltin,
  fromOutside,
  host,
  labelled,
  link,
  meshed,
  OPTIONS,
  view,
  WAYPOINT,
  workload,
} from '../../src/policy/istio/testing/views.ts';

const DATA = process.env['LATTICE_DATA'] ?? join(import.meta.dirname, '../../../shared/data');
const CRDS = join(DATA, 'crds/istio/crd-all.gen.yaml');
const skip = existsSync(CRDS) ? false : `${CRDS} is absent: set LATTICE_DATA`;
const PLURALS = new Map([
  ['AuthorizationPolicy', 'authorizationpolicies'],
  ['PeerAuthentication', 'peerauthentications'],
  ['ServiceEntry', 'serviceentries'],
]);

/** Views that between them make every shape the compiler has. */
function everyShape(): readonly { readonly object: unknown }[] {
  const engine = istio();
  const options = { ...OPTIONS, egressWaypoint: EGRESS };
  const many = Array.from({ length: 600 }, (_, index) => link(`shop/caller-${index}`, String(1000 + index)));
  const services = Array.from({ length: 40 }, (_, index) => `svc-${index}`);
  const web = workload('shop/web');
  const hub = Array.from({ length: 3000 }, (_, index) =>
    link(`namespace-${index % 50}/caller-with-a-name-${index}`, '80'),
  );
  return [
    engine.service(view(workload('shop/closed')), options),
    engine.service(view(workload('shop/ports'), { inbound: many }), options),
    engine.service(
      view(workload('shop/hub', { waypoint: WAYPOINT, services, direct: true }), { inbound: hub }),
      options,
    ),
    engine.service(
      view(workload('shop/mixed', labelled({ app: 'a' }, { 'app.kubernetes.io/name': 'a', tier: '' })), {
        inbound: [link(meshed('old/tool', 'none'), '80:8080+8081'), link(web, '80:8080', '53/UDP')],
        ingress: [fromOutside('shop/office', ['203.0.113.0/24', '2001:db8::/32'], '443:8443')],
        builtins: [fromBuiltin('apiserver', { kind: 'entity', entity: 'kube-apiserver' }, '9443')],
      }),
      options,
    ),
    engine.host(host('api.example.com', { 'grpc:50051': [web], 'http:80': [web], 'tcp:5432': [web] }), options),
    engine.host(host('*.example.com', { 'http:80': [web], 'https:443': [web] }), options),
    engine.egressWaypoint({ waypoint: EGRESS, callers: [], hosts: [] }, options),
  ].flatMap(({ drafts }) => drafts);
}

test('every shape of object is accepted by the CRDs, with nothing dropped', { skip }, async () => {
  const plane = await istioPlane();
  try {
    const objects = everyShape().map(({ object }) => object);
    assert.ok(objects.length > 20);
    for (const object of objects) {
      const { status, text } = await create(plane, object);
      assert.equal(status, 201, `${JSON.stringify(object).slice(0, 300)}: ${text.slice(0, 600)}`);
    }
  } finally {
    await plane.close();
  }
});

test('I3, I19, Z7: the same CRDs refuse what the compiler never writes', { skip }, async () => {
  const plane = await istioPlane();
  const selector = { matchLabels: { app: 'cart' } };
  const targetRefs = Array.from({ length: 17 }, (_, index) => ({ group: '', kind: 'Service', name: `svc-${index}` }));
  const rules = Array.from({ length: 513 }, () => ({}));
  const bad = [
    policy('AuthorizationPolicy', { targetRefs }),
    policy('AuthorizationPolicy', { selector, targetRefs: targetRefs.slice(0, 1) }),
    policy('AuthorizationPolicy', { selector, rules }),
    policy('AuthorizationPolicy', { selector, form: [] }),
    policy('PeerAuthentication', { portLevelMtls: { 80: { mode: 'PERMISSIVE' } } }),
  ];
  try {
    for (const object of bad) {
      const { status } = await create(plane, object);
      assert.ok(status === 422 || status === 400, JSON.stringify(object).slice(0, 300));
    }
  } finally {
    await plane.close();
  }
});

async function istioPlane(): Promise<ControlPlane> {
  const crds = loadAll(readFileSync(CRDS, 'utf8')).filter((crd) => PLURALS.has(kindOf(crd)));
  const plane = await startControlPlane({ crds });
  for (const name of ['shop', 'egress']) {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await plane.inject({ method: 'POST', url: '/api/v1/namespaces', headers: JSON_BODY, body });
  }
  return plane;
}

const JSON_BODY = { 'content-type': 'application/json' };

function policy(kind: string, spec: unknown) {
  return { apiVersion: 'security.istio.io/v1', kind, metadata: { name: 'bad', namespace: 'shop' }, spec };
}

async function create(
  plane: ControlPlane,
  object: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const body = JSON.stringify(object);
  const read: unknown = JSON.parse(body);
  if (!isRecord(read) || !isRecord(read['metadata'])) throw new Error(`no object: ${body.slice(0, 100)}`);
  const plural = PLURALS.get(String(read['kind'])) ?? '';
  const url = `/apis/${String(read['apiVersion'])}/namespaces/${String(read['metadata']['namespace'])}/${plural}?fieldValidation=Strict`;
  const response = await plane.inject({ method: 'POST', url, headers: JSON_BODY, body });
  return { status: response.status, text: response.body.kind === 'whole' ? response.body.text : response.body.kind };
}

function kindOf(crd: unknown): string {
  const spec = isRecord(crd) ? crd['spec'] : undefined;
  const names = isRecord(spec) ? spec['names'] : undefined;
  return isRecord(names) ? String(names['kind']) : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
