/**
 * The embedded Kubernetes control plane: an API server in memory, for laptops, tests and simulated fleets.
 *
 * In full: CustomResourceDefinitions (conversion `None`) and custom resources, Namespace, ConfigMap, Secret,
 * ServiceAccount, Lease, Event, RBAC, webhook configurations, access reviews; server-side apply, watches, garbage
 * collection and namespace deletion. These answer as kube-apiserver 1.36 does (test/controlplane/answers.test.ts).
 *
 * Stored as they come, checked for types but without the server's defaulting and validation, and nothing runs them:
 * Pod, Service, EndpointSlice, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, HorizontalPodAutoscaler,
 * PodDisruptionBudget, PersistentVolumeClaim, NetworkPolicy, Node. A pod is deleted at once, without a grace period.
 *
 * Not here: conversion webhooks, optional types and two-variable macros in CEL (a definition that needs them is
 * refused), the cost budget of CEL, admission policies, OpenAPI v2, logs, exec and port-forward, persistence.
 */
export type { Fault, Faults, Match } from './faults/faults.ts';
export { createFaults } from './faults/faults.ts';
export type { Clock } from './plane.ts';
export type { ApiRequest, ApiResponse, Sink } from './server/message.ts';
export {
  BeyondLoopbackError,
  type ControlPlane,
  type ControlPlaneOptions,
  DefinitionRefusedError,
  startControlPlane,
} from './start.ts';
