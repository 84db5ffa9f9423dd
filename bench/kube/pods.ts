// Pods as a real API server stores them: 8.1 KB of JSON, nearly half of it managedFields.

/** Pod number `index` at resource version `version`, serialised. */
export function podJson(index: number, version: number): string {
  const namespace = `app-${String(index % 50).padStart(2, '0')}`;
  const name = `p-${String(index).padStart(5, '0')}`;
  const labels = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [
      `app.kubernetes.io/label-${i}`,
      i === 0 ? name : `value-${(index * (i + 3)) % 40}`,
    ]),
  );
  const annotations = Object.fromEntries(
    Array.from({ length: 4 }, (_, i) => [`example.com/annotation-${i}`, `note ${i} of ${name}`]),
  );
  const env = Array.from({ length: 11 }, (_, i) => ({
    name: `VARIABLE_${i}`,
    value: `value ${i} of a setting that is neither short nor long at all`,
  }));
  const probe = {
    httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
  return JSON.stringify({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: `8f1d5c1e-7a40-4f6e-9d3c-${String(index).padStart(12, '0')}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels,
      annotations,
      managedFields: managedFields(
        Object.keys(labels),
        Object.keys(annotations),
        env.map((each) => each.name),
      ),
    },
    spec: {
      volumes: [
        { name: 'config', configMap: { name: 'config', defaultMode: 420 } },
        { name: 'tmp', emptyDir: {} },
      ],
      containers: [
        {
          name: 'main',
          image: 'registry.example.com/team/service:1.24.3',
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          env,
          resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
          volumeMounts: [
            { name: 'config', mountPath: '/etc/config' },
            { name: 'tmp', mountPath: '/tmp' },
          ],
          livenessProbe: probe,
          readinessProbe: probe,
          terminationMessagePath: '/dev/termination-log',
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      nodeName: `worker-${String(index % 40).padStart(2, '0')}`,
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {
      phase: 'Running',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
        (type) => ({
          type,
          status: 'True',
          lastProbeTime: null,
          lastTransitionTime: '2026-01-01T00:00:00Z',
        }),
      ),
      hostIP: '10.0.0.1',
      podIP: `10.200.${Math.floor(index / 250)}.${(index % 250) + 1}`,
      podIPs: [{ ip: `10.200.${Math.floor(index / 250)}.${(index % 250) + 1}` }],
      startTime: '2026-01-01T00:00:00Z',
      containerStatuses: [
        {
          name: 'main',
          state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
          ready: true,
          restartCount: 0,
          image: 'registry.example.com/team/service:1.24.3',
          imageID: `registry.example.com/team/service@sha256:${'ab'.repeat(32)}`,
          containerID: `containerd://${'cd'.repeat(32)}`,
        },
      ],
      qosClass: 'Burstable',
    },
  });
}

type Fields = Readonly<Record<string, unknown>>;

function owned(names: readonly string[], prefix = 'f:'): Record<string, unknown> {
  return Object.fromEntries(
    ['.', ...names.map((name) => `${prefix}${name}`)].map((name): [string, Fields] => [name, {}]),
  );
}

function keyed(key: string, names: readonly string[], below: readonly string[]): Record<string, unknown> {
  const entries = names.map((name): [string, Fields] => [`k:{"${key}":"${name}"}`, owned(below)]);
  return Object.fromEntries([['.', {}] satisfies [string, Fields], ...entries]);
}

function managedFields(
  labels: readonly string[],
  annotations: readonly string[],
  env: readonly string[],
): readonly unknown[] {
  const probe = ['failureThreshold', 'httpGet', 'periodSeconds', 'successThreshold', 'timeoutSeconds'];
  const fields = [
    'image',
    'imagePullPolicy',
    'name',
    'livenessProbe',
    'readinessProbe',
    'resources',
    'terminationMessagePath',
    'volumeMounts',
  ];
  const container: Fields = {
    ...owned([]),
    'f:env': keyed('name', env, ['name', 'value']),
    'f:ports': keyed('containerPort', ['8080'], ['containerPort', 'name', 'protocol']),
    ...Object.fromEntries(fields.map((field): [string, Fields] => [`f:${field}`, owned(probe)])),
  };
  const spec: Fields = {
    'f:containers': { 'k:{"name":"main"}': container },
    ...owned([
      'dnsPolicy',
      'enableServiceLinks',
      'nodeName',
      'restartPolicy',
      'schedulerName',
      'securityContext',
      'tolerations',
      'volumes',
    ]),
  };
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  const status: Fields = {
    'f:conditions': keyed('type', conditions, [
      'lastProbeTime',
      'lastTransitionTime',
      'status',
      'type',
      'observedGeneration',
    ]),
    ...owned(['containerStatuses', 'hostIP', 'hostIPs', 'phase', 'podIP', 'podIPs', 'startTime', 'qosClass']),
  };
  const common = { operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1' };
  const metadata: Fields = { 'f:annotations': owned(annotations), 'f:labels': owned(labels) };
  return [
    { manager: 'kube-controller-manager', ...common, fieldsV1: { 'f:metadata': metadata, 'f:spec': spec } },
    { manager: 'kubelet', ...common, subresource: 'status', fieldsV1: { 'f:status': status } },
  ];
}
