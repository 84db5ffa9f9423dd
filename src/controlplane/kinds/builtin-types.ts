/**
 * Field facts of the Kubernetes 1.36 API for the built-in kinds, one type per entry, in a notation that type-notation.ts reads.
 * `name:type`, `!` required; types: s string, i int32, l int64, n number, b boolean, t time, u microtime, q quantity,
 * x int-or-string, B base64, * any object, ? any value, ?schema a JSON schema or a boolean or a list; [T] list, {T} map.
 * After the type: `#n` its number in protobuf (`n.m` where the server embeds a struct),
 * `@a,b` list map keyed by a and b, `@@` set, `~strategy=key` strategic merge, `%` atomic map,
 * `&` always present (a struct, not a pointer, in the server), `^` may be zero and present,
 * `=` default.
 */
export const BUILTIN_TYPES: Readonly<Record<string, string>> = {
  'admissionregistration.v1.MatchCondition': 'expression!:s#2 name!:s#1',
  'admissionregistration.v1.MutatingWebhook':
    'admissionReviewVersions!:[s]#8 clientConfig!:admissionregistration.v1.WebhookClientConfig#2& failurePolicy:s#4^ matchConditions:[admissionregistration.v1.MatchCondition]#12@name~merge=name matchPolicy:s#9^ name!:s#1 namespaceSelector:meta.v1.LabelSelector#5 objectSelector:meta.v1.LabelSelector#11 reinvocationPolicy:s#10^ rules:[admissionregistration.v1.RuleWithOperations]#3 sideEffects!:s#6^ timeoutSeconds:i#7^',
  'admissionregistration.v1.MutatingWebhookConfiguration':
    'metadata:meta.v1.ObjectMeta#1& webhooks:[admissionregistration.v1.MutatingWebhook]#2@name~merge=name',
  'admissionregistration.v1.RuleWithOperations':
    'apiGroups:[s]#2.1 apiVersions:[s]#2.2 operations:[s]#1 resources:[s]#2.3 scope:s#2.4^',
  'admissionregistration.v1.ServiceReference': 'name!:s#2 namespace!:s#1 path:s#3^ port:i#4^',
  'admissionregistration.v1.ValidatingWebhook':
    'admissionReviewVersions!:[s]#8 clientConfig!:admissionregistration.v1.WebhookClientConfig#2& failurePolicy:s#4^ matchConditions:[admissionregistration.v1.MatchCondition]#11@name~merge=name matchPolicy:s#9^ name!:s#1 namespaceSelector:meta.v1.LabelSelector#5 objectSelector:meta.v1.LabelSelector#10 rules:[admissionregistration.v1.RuleWithOperations]#3 sideEffects!:s#6^ timeoutSeconds:i#7^',
  'admissionregistration.v1.ValidatingWebhookConfiguration':
    'metadata:meta.v1.ObjectMeta#1& webhooks:[admissionregistration.v1.ValidatingWebhook]#2@name~merge=name',
  'admissionregistration.v1.WebhookClientConfig':
    'caBundle:B#2 service:admissionregistration.v1.ServiceReference#1 url:s#3^',
  'apiext.CustomResourceColumnDefinition': 'description:s#4 format:s#3 jsonPath!:s#6 name!:s#1 priority:i#5 type!:s#2',
  'apiext.CustomResourceConversion': 'strategy!:s#1 webhook:apiext.WebhookConversion#2',
  'apiext.CustomResourceDefinition':
    'metadata:meta.v1.ObjectMeta#1& spec!:apiext.CustomResourceDefinitionSpec#2& status:apiext.CustomResourceDefinitionStatus#3&',
  'apiext.CustomResourceDefinitionCondition':
    'lastTransitionTime:t#3 message:s#5 observedGeneration:l#6 reason:s#4 status!:s#2 type!:s#1',
  'apiext.CustomResourceDefinitionNames':
    'categories:[s]#6 kind!:s#4 listKind:s#5 plural!:s#1 shortNames:[s]#3 singular:s#2',
  'apiext.CustomResourceDefinitionSpec':
    'conversion:apiext.CustomResourceConversion#9 group!:s#1 names!:apiext.CustomResourceDefinitionNames#3& preserveUnknownFields:b#10 scope!:s#4 versions!:[apiext.CustomResourceDefinitionVersion]#7',
  'apiext.CustomResourceDefinitionStatus':
    'acceptedNames:apiext.CustomResourceDefinitionNames#2& conditions:[apiext.CustomResourceDefinitionCondition]#1@type observedGeneration:l#4 storedVersions:[s]#3',
  'apiext.CustomResourceDefinitionVersion':
    'additionalPrinterColumns:[apiext.CustomResourceColumnDefinition]#6 deprecated:b#7 deprecationWarning:s#8^ name!:s#1 schema:apiext.CustomResourceValidation#4 selectableFields:[apiext.SelectableField]#9 served!:b#2=false storage!:b#3=false subresources:apiext.CustomResourceSubresources#5',
  'apiext.CustomResourceSubresourceScale': 'labelSelectorPath:s#3^ specReplicasPath!:s#1 statusReplicasPath!:s#2',
  'apiext.CustomResourceSubresourceStatus': '',
  'apiext.CustomResourceSubresources':
    'scale:apiext.CustomResourceSubresourceScale#2 status:apiext.CustomResourceSubresourceStatus#1',
  'apiext.CustomResourceValidation': 'openAPIV3Schema:apiext.JSONSchemaProps#1',
  'apiext.ExternalDocumentation': 'description:s#1 url:s#2',
  'apiext.JSONSchemaProps':
    '$ref:s#3^ $schema:s#2 additionalItems:?schema#33 additionalProperties:?schema#30 allOf:[apiext.JSONSchemaProps]#25 anyOf:[apiext.JSONSchemaProps]#27 default:?#8 definitions:{apiext.JSONSchemaProps}#34 dependencies:{?schema}#32 description:s#4 enum:[?]#20 example:?#36 exclusiveMaximum:b#10 exclusiveMinimum:b#12 externalDocs:apiext.ExternalDocumentation#35 format:s#6 id:s#1 items:?schema#24 maxItems:l#16^ maxLength:l#13^ maxProperties:l#21^ maximum:n#9^ minItems:l#17^ minLength:l#14^ minProperties:l#22^ minimum:n#11^ multipleOf:n#19^ not:apiext.JSONSchemaProps#28 nullable:b#37 oneOf:[apiext.JSONSchemaProps]#26 pattern:s#15 patternProperties:{apiext.JSONSchemaProps}#31 properties:{apiext.JSONSchemaProps}#29 required:[s]#23 title:s#7 type:s#5 uniqueItems:b#18 x-kubernetes-embedded-resource:b#39 x-kubernetes-int-or-string:b#40 x-kubernetes-list-map-keys:[s]#41 x-kubernetes-list-type:s#42^ x-kubernetes-map-type:s#43^ x-kubernetes-preserve-unknown-fields:b#38^ x-kubernetes-validations:[apiext.ValidationRule]#44@rule~merge=rule',
  'apiext.SelectableField': 'jsonPath!:s#1',
  'apiext.ServiceReference': 'name!:s#2 namespace!:s#1 path:s#3^ port:i#4^',
  'apiext.ValidationRule': 'fieldPath:s#5 message:s#2 messageExpression:s#3 optionalOldSelf:b#6^ reason:s#4^ rule!:s#1',
  'apiext.WebhookClientConfig': 'caBundle:B#2 service:apiext.ServiceReference#1 url:s#3^',
  'apiext.WebhookConversion': 'clientConfig:apiext.WebhookClientConfig#2 conversionReviewVersions!:[s]#3',
  'apps.v1.DaemonSet': 'metadata:meta.v1.ObjectMeta#1& spec:apps.v1.DaemonSetSpec#2& status:apps.v1.DaemonSetStatus#3&',
  'apps.v1.DaemonSetCondition': 'lastTransitionTime:t#3 message:s#5 reason:s#4 status!:s#2 type!:s#1',
  'apps.v1.DaemonSetSpec':
    'minReadySeconds:i#4 revisionHistoryLimit:i#6^ selector!:meta.v1.LabelSelector#1 template!:core.v1.PodTemplateSpec#2& updateStrategy:apps.v1.DaemonSetUpdateStrategy#3&',
  'apps.v1.DaemonSetStatus':
    'collisionCount:i#9^ conditions:[apps.v1.DaemonSetCondition]#10@type~merge=type currentNumberScheduled!:i#1 desiredNumberScheduled!:i#3 numberAvailable:i#7 numberMisscheduled!:i#2 numberReady!:i#4 numberUnavailable:i#8 observedGeneration:l#5 updatedNumberScheduled:i#6',
  'apps.v1.DaemonSetUpdateStrategy': 'rollingUpdate:apps.v1.RollingUpdateDaemonSet#2 type:s#1',
  'apps.v1.Deployment':
    'metadata:meta.v1.ObjectMeta#1& spec:apps.v1.DeploymentSpec#2& status:apps.v1.DeploymentStatus#3&',
  'apps.v1.DeploymentCondition':
    'lastTransitionTime:t#7 lastUpdateTime:t#6 message:s#5 reason:s#4 status!:s#2 type!:s#1',
  'apps.v1.DeploymentSpec':
    'minReadySeconds:i#5 paused:b#7 progressDeadlineSeconds:i#9^ replicas:i#1^ revisionHistoryLimit:i#6^ selector!:meta.v1.LabelSelector#2 strategy:apps.v1.DeploymentStrategy#4~retainKeys& template!:core.v1.PodTemplateSpec#3&',
  'apps.v1.DeploymentStatus':
    'availableReplicas:i#4 collisionCount:i#8^ conditions:[apps.v1.DeploymentCondition]#6@type~merge=type observedGeneration:l#1 readyReplicas:i#7 replicas:i#2 terminatingReplicas:i#9^ unavailableReplicas:i#5 updatedReplicas:i#3',
  'apps.v1.DeploymentStrategy': 'rollingUpdate:apps.v1.RollingUpdateDeployment#2 type:s#1',
  'apps.v1.ReplicaSet':
    'metadata:meta.v1.ObjectMeta#1& spec:apps.v1.ReplicaSetSpec#2& status:apps.v1.ReplicaSetStatus#3&',
  'apps.v1.ReplicaSetCondition': 'lastTransitionTime:t#3 message:s#5 reason:s#4 status!:s#2 type!:s#1',
  'apps.v1.ReplicaSetSpec':
    'minReadySeconds:i#4 replicas:i#1^ selector!:meta.v1.LabelSelector#2 template:core.v1.PodTemplateSpec#3&',
  'apps.v1.ReplicaSetStatus':
    'availableReplicas:i#5 conditions:[apps.v1.ReplicaSetCondition]#6@type~merge=type fullyLabeledReplicas:i#2 observedGeneration:l#3 readyReplicas:i#4 replicas!:i#1 terminatingReplicas:i#7^',
  'apps.v1.RollingUpdateDaemonSet': 'maxSurge:x#2^ maxUnavailable:x#1^',
  'apps.v1.RollingUpdateDeployment': 'maxSurge:x#2^ maxUnavailable:x#1^',
  'apps.v1.RollingUpdateStatefulSetStrategy': 'maxUnavailable:x#2^ partition:i#1^',
  'apps.v1.StatefulSet':
    'metadata:meta.v1.ObjectMeta#1& spec:apps.v1.StatefulSetSpec#2& status:apps.v1.StatefulSetStatus#3&',
  'apps.v1.StatefulSetCondition': 'lastTransitionTime:t#3 message:s#5 reason:s#4 status!:s#2 type!:s#1',
  'apps.v1.StatefulSetOrdinals': 'start:i#1',
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy': 'whenDeleted:s#1 whenScaled:s#2',
  'apps.v1.StatefulSetSpec':
    'minReadySeconds:i#9 ordinals:apps.v1.StatefulSetOrdinals#11 persistentVolumeClaimRetentionPolicy:apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy#10 podManagementPolicy:s#6 replicas:i#1^ revisionHistoryLimit:i#8^ selector!:meta.v1.LabelSelector#2 serviceName:s#5 template!:core.v1.PodTemplateSpec#3& updateStrategy:apps.v1.StatefulSetUpdateStrategy#7& volumeClaimTemplates:[core.v1.PersistentVolumeClaim]#4',
  'apps.v1.StatefulSetStatus':
    'availableReplicas:i#11 collisionCount:i#9^ conditions:[apps.v1.StatefulSetCondition]#10@type~merge=type currentReplicas:i#4 currentRevision:s#6 observedGeneration:l#1 readyReplicas:i#3 replicas!:i#2 updateRevision:s#7 updatedReplicas:i#5',
  'apps.v1.StatefulSetUpdateStrategy': 'rollingUpdate:apps.v1.RollingUpdateStatefulSetStrategy#2 type:s#1',
  'authentication.v1.SelfSubjectReview':
    'metadata:meta.v1.ObjectMeta#1& status:authentication.v1.SelfSubjectReviewStatus#2&',
  'authentication.v1.SelfSubjectReviewStatus': 'userInfo:authentication.v1.UserInfo#1&',
  'authentication.v1.UserInfo': 'extra:{[s]}#4 groups:[s]#3 uid:s#2 username:s#1',
  'authorization.v1.FieldSelectorAttributes': 'rawSelector:s#1 requirements:[meta.v1.FieldSelectorRequirement]#2',
  'authorization.v1.LabelSelectorAttributes': 'rawSelector:s#1 requirements:[meta.v1.LabelSelectorRequirement]#2',
  'authorization.v1.LocalSubjectAccessReview':
    'metadata:meta.v1.ObjectMeta#1& spec!:authorization.v1.SubjectAccessReviewSpec#2& status:authorization.v1.SubjectAccessReviewStatus#3&',
  'authorization.v1.NonResourceAttributes': 'path:s#1 verb:s#2',
  'authorization.v1.NonResourceRule': 'nonResourceURLs:[s]#2 verbs!:[s]#1',
  'authorization.v1.ResourceAttributes':
    'fieldSelector:authorization.v1.FieldSelectorAttributes#8 group:s#3 labelSelector:authorization.v1.LabelSelectorAttributes#9 name:s#7 namespace:s#1 resource:s#5 subresource:s#6 verb:s#2 version:s#4',
  'authorization.v1.ResourceRule': 'apiGroups:[s]#2 resourceNames:[s]#4 resources:[s]#3 verbs!:[s]#1',
  'authorization.v1.SelfSubjectAccessReview':
    'metadata:meta.v1.ObjectMeta#1& spec!:authorization.v1.SelfSubjectAccessReviewSpec#2& status:authorization.v1.SubjectAccessReviewStatus#3&',
  'authorization.v1.SelfSubjectAccessReviewSpec':
    'nonResourceAttributes:authorization.v1.NonResourceAttributes#2 resourceAttributes:authorization.v1.ResourceAttributes#1',
  'authorization.v1.SelfSubjectRulesReview':
    'metadata:meta.v1.ObjectMeta#1& spec!:authorization.v1.SelfSubjectRulesReviewSpec#2& status:authorization.v1.SubjectRulesReviewStatus#3&',
  'authorization.v1.SelfSubjectRulesReviewSpec': 'namespace:s#1',
  'authorization.v1.SubjectAccessReview':
    'metadata:meta.v1.ObjectMeta#1& spec!:authorization.v1.SubjectAccessReviewSpec#2& status:authorization.v1.SubjectAccessReviewStatus#3&',
  'authorization.v1.SubjectAccessReviewSpec':
    'extra:{[s]}#5 groups:[s]#4 nonResourceAttributes:authorization.v1.NonResourceAttributes#2 resourceAttributes:authorization.v1.ResourceAttributes#1 uid:s#6 user:s#3',
  'authorization.v1.SubjectAccessReviewStatus': 'allowed!:b#1=false denied:b#4 evaluationError:s#3 reason:s#2',
  'authorization.v1.SubjectRulesReviewStatus':
    'evaluationError:s#4 incomplete!:b#3=false nonResourceRules!:[authorization.v1.NonResourceRule]#2 resourceRules!:[authorization.v1.ResourceRule]#1',
  'autoscaling.v1.Scale':
    'metadata:meta.v1.ObjectMeta#1& spec:autoscaling.v1.ScaleSpec#2& status:autoscaling.v1.ScaleStatus#3&',
  'autoscaling.v1.ScaleSpec': 'replicas:i#1',
  'autoscaling.v1.ScaleStatus': 'replicas!:i#1 selector:s#2',
  'autoscaling.v2.ContainerResourceMetricSource': 'container!:s#3 name!:s#1 target!:autoscaling.v2.MetricTarget#2&',
  'autoscaling.v2.ContainerResourceMetricStatus':
    'container!:s#3 current!:autoscaling.v2.MetricValueStatus#2& name!:s#1',
  'autoscaling.v2.CrossVersionObjectReference': 'apiVersion:s#3 kind!:s#1 name!:s#2',
  'autoscaling.v2.ExternalMetricSource':
    'metric!:autoscaling.v2.MetricIdentifier#1& target!:autoscaling.v2.MetricTarget#2&',
  'autoscaling.v2.ExternalMetricStatus':
    'current!:autoscaling.v2.MetricValueStatus#2& metric!:autoscaling.v2.MetricIdentifier#1&',
  'autoscaling.v2.HPAScalingPolicy': 'periodSeconds!:i#3 type!:s#1 value!:i#2',
  'autoscaling.v2.HPAScalingRules':
    'policies:[autoscaling.v2.HPAScalingPolicy]#2 selectPolicy:s#1^ stabilizationWindowSeconds:i#3^ tolerance:q#4^',
  'autoscaling.v2.HorizontalPodAutoscaler':
    'metadata:meta.v1.ObjectMeta#1& spec!:autoscaling.v2.HorizontalPodAutoscalerSpec#2& status:autoscaling.v2.HorizontalPodAutoscalerStatus#3&',
  'autoscaling.v2.HorizontalPodAutoscalerBehavior':
    'scaleDown:autoscaling.v2.HPAScalingRules#2 scaleUp:autoscaling.v2.HPAScalingRules#1',
  'autoscaling.v2.HorizontalPodAutoscalerCondition':
    'lastTransitionTime:t#3 message:s#5 reason:s#4 status!:s#2 type!:s#1',
  'autoscaling.v2.HorizontalPodAutoscalerSpec':
    'behavior:autoscaling.v2.HorizontalPodAutoscalerBehavior#5 maxReplicas!:i#3 metrics:[autoscaling.v2.MetricSpec]#4 minReplicas:i#2^ scaleTargetRef!:autoscaling.v2.CrossVersionObjectReference#1&',
  'autoscaling.v2.HorizontalPodAutoscalerStatus':
    'conditions:[autoscaling.v2.HorizontalPodAutoscalerCondition]#6@type~merge=type currentMetrics:[autoscaling.v2.MetricStatus]#5 currentReplicas:i#3 desiredReplicas!:i#4 lastScaleTime:t#2^ observedGeneration:l#1^',
  'autoscaling.v2.MetricIdentifier': 'name!:s#1 selector:meta.v1.LabelSelector#2',
  'autoscaling.v2.MetricSpec':
    'containerResource:autoscaling.v2.ContainerResourceMetricSource#7 external:autoscaling.v2.ExternalMetricSource#5 object:autoscaling.v2.ObjectMetricSource#2 pods:autoscaling.v2.PodsMetricSource#3 resource:autoscaling.v2.ResourceMetricSource#4 type!:s#1',
  'autoscaling.v2.MetricStatus':
    'containerResource:autoscaling.v2.ContainerResourceMetricStatus#7 external:autoscaling.v2.ExternalMetricStatus#5 object:autoscaling.v2.ObjectMetricStatus#2 pods:autoscaling.v2.PodsMetricStatus#3 resource:autoscaling.v2.ResourceMetricStatus#4 type!:s#1',
  'autoscaling.v2.MetricTarget': 'averageUtilization:i#4^ averageValue:q#3^ type!:s#1 value:q#2^',
  'autoscaling.v2.MetricValueStatus': 'averageUtilization:i#3^ averageValue:q#2^ value:q#1^',
  'autoscaling.v2.ObjectMetricSource':
    'describedObject!:autoscaling.v2.CrossVersionObjectReference#1& metric!:autoscaling.v2.MetricIdentifier#3& target!:autoscaling.v2.MetricTarget#2&',
  'autoscaling.v2.ObjectMetricStatus':
    'current!:autoscaling.v2.MetricValueStatus#2& describedObject!:autoscaling.v2.CrossVersionObjectReference#3& metric!:autoscaling.v2.MetricIdentifier#1&',
  'autoscaling.v2.PodsMetricSource':
    'metric!:autoscaling.v2.MetricIdentifier#1& target!:autoscaling.v2.MetricTarget#2&',
  'autoscaling.v2.PodsMetricStatus':
    'current!:autoscaling.v2.MetricValueStatus#2& metric!:autoscaling.v2.MetricIdentifier#1&',
  'autoscaling.v2.ResourceMetricSource': 'name!:s#1 target!:autoscaling.v2.MetricTarget#2&',
  'autoscaling.v2.ResourceMetricStatus': 'current!:autoscaling.v2.MetricValueStatus#2& name!:s#1',
  'batch.v1.CronJob': 'metadata:meta.v1.ObjectMeta#1& spec!:batch.v1.CronJobSpec#2& status:batch.v1.CronJobStatus#3&',
  'batch.v1.CronJobSpec':
    'concurrencyPolicy:s#3 failedJobsHistoryLimit:i#7^ jobTemplate!:batch.v1.JobTemplateSpec#5& schedule!:s#1 startingDeadlineSeconds:l#2^ successfulJobsHistoryLimit:i#6^ suspend:b#4^ timeZone:s#8^',
  'batch.v1.CronJobStatus': 'active:[core.v1.ObjectReference]#1 lastScheduleTime:t#4^ lastSuccessfulTime:t#5^',
  'batch.v1.Job': 'metadata:meta.v1.ObjectMeta#1& spec:batch.v1.JobSpec#2& status:batch.v1.JobStatus#3&',
  'batch.v1.JobCondition': 'lastProbeTime:t#3 lastTransitionTime:t#4 message:s#6 reason:s#5 status!:s#2 type!:s#1',
  'batch.v1.JobSpec':
    'activeDeadlineSeconds:l#3^ backoffLimit:i#7^ backoffLimitPerIndex:i#12^ completionMode:s#9^ completions:i#2^ managedBy:s#15^ manualSelector:b#5^ maxFailedIndexes:i#13^ parallelism:i#1^ podFailurePolicy:batch.v1.PodFailurePolicy#11 podReplacementPolicy:s#14^ selector:meta.v1.LabelSelector#4 successPolicy:batch.v1.SuccessPolicy#16 suspend:b#10^ template!:core.v1.PodTemplateSpec#6& ttlSecondsAfterFinished:i#8^',
  'batch.v1.JobStatus':
    'active:i#4 completedIndexes:s#7 completionTime:t#3^ conditions:[batch.v1.JobCondition]#1~merge=type failed:i#6 failedIndexes:s#10^ ready:i#9^ startTime:t#2^ succeeded:i#5 terminating:i#11^ uncountedTerminatedPods:batch.v1.UncountedTerminatedPods#8',
  'batch.v1.JobTemplateSpec': 'metadata:meta.v1.ObjectMeta#1& spec:batch.v1.JobSpec#2&',
  'batch.v1.PodFailurePolicy': 'rules!:[batch.v1.PodFailurePolicyRule]#1',
  'batch.v1.PodFailurePolicyOnExitCodesRequirement': 'containerName:s#1^ operator!:s#2 values!:[i]#3@@',
  'batch.v1.PodFailurePolicyOnPodConditionsPattern': 'status:s#2 type!:s#1',
  'batch.v1.PodFailurePolicyRule':
    'action!:s#1 onExitCodes:batch.v1.PodFailurePolicyOnExitCodesRequirement#2 onPodConditions:[batch.v1.PodFailurePolicyOnPodConditionsPattern]#3',
  'batch.v1.SuccessPolicy': 'rules!:[batch.v1.SuccessPolicyRule]#1',
  'batch.v1.SuccessPolicyRule': 'succeededCount:i#2^ succeededIndexes:s#1^',
  'batch.v1.UncountedTerminatedPods': 'failed:[s]#2@@ succeeded:[s]#1@@',
  'coordination.v1.Lease': 'metadata:meta.v1.ObjectMeta#1& spec:coordination.v1.LeaseSpec#2&',
  'coordination.v1.LeaseSpec':
    'acquireTime:u#3^ holderIdentity:s#1^ leaseDurationSeconds:i#2^ leaseTransitions:i#5^ preferredHolder:s#7^ renewTime:u#4^ strategy:s#6^',
  'core.v1.AWSElasticBlockStoreVolumeSource': 'fsType:s#2 partition:i#3 readOnly:b#4 volumeID!:s#1',
  'core.v1.Affinity':
    'nodeAffinity:core.v1.NodeAffinity#1 podAffinity:core.v1.PodAffinity#2 podAntiAffinity:core.v1.PodAntiAffinity#3',
  'core.v1.AppArmorProfile': 'localhostProfile:s#2^ type!:s#1',
  'core.v1.AttachedVolume': 'devicePath!:s#2 name!:s#1',
  'core.v1.AzureDiskVolumeSource':
    'cachingMode:s#3^="ReadWrite" diskName!:s#1 diskURI!:s#2 fsType:s#4^="ext4" kind:s#6^="Shared" readOnly:b#5^=false',
  'core.v1.AzureFileVolumeSource': 'readOnly:b#3 secretName!:s#1 shareName!:s#2',
  'core.v1.CSIVolumeSource':
    'driver!:s#1 fsType:s#3^ nodePublishSecretRef:core.v1.LocalObjectReference#5 readOnly:b#2^ volumeAttributes:{s}#4',
  'core.v1.Capabilities': 'add:[s]#1 drop:[s]#2',
  'core.v1.CephFSVolumeSource':
    'monitors!:[s]#1 path:s#2 readOnly:b#6 secretFile:s#4 secretRef:core.v1.LocalObjectReference#5 user:s#3',
  'core.v1.CinderVolumeSource': 'fsType:s#2 readOnly:b#3 secretRef:core.v1.LocalObjectReference#4 volumeID!:s#1',
  'core.v1.ClientIPConfig': 'timeoutSeconds:i#1^',
  'core.v1.ClusterTrustBundleProjection':
    'labelSelector:meta.v1.LabelSelector#3 name:s#1^ optional:b#5^ path!:s#4 signerName:s#2^',
  'core.v1.ConfigMap': 'binaryData:{B}#3 data:{s}#2 immutable:b#4^ metadata:meta.v1.ObjectMeta#1&',
  'core.v1.ConfigMapEnvSource': 'name:s#1.1 optional:b#2^',
  'core.v1.ConfigMapKeySelector': '% key!:s#2 name:s#1.1 optional:b#3^',
  'core.v1.ConfigMapNodeConfigSource': 'kubeletConfigKey!:s#5 name!:s#2 namespace!:s#1 resourceVersion:s#4 uid:s#3',
  'core.v1.ConfigMapProjection': 'items:[core.v1.KeyToPath]#2 name:s#1.1 optional:b#4^',
  'core.v1.ConfigMapVolumeSource': 'defaultMode:i#3^ items:[core.v1.KeyToPath]#2 name:s#1.1 optional:b#4^',
  'core.v1.Container':
    'args:[s]#4 command:[s]#3 env:[core.v1.EnvVar]#7@name~merge=name envFrom:[core.v1.EnvFromSource]#19 image:s#2 imagePullPolicy:s#14 lifecycle:core.v1.Lifecycle#12 livenessProbe:core.v1.Probe#10 name!:s#1 ports:[core.v1.ContainerPort]#6@containerPort,protocol~merge=containerPort readinessProbe:core.v1.Probe#11 resizePolicy:[core.v1.ContainerResizePolicy]#23 resources:core.v1.ResourceRequirements#8& restartPolicy:s#24^ restartPolicyRules:[core.v1.ContainerRestartRule]#25 securityContext:core.v1.SecurityContext#15 startupProbe:core.v1.Probe#22 stdin:b#16 stdinOnce:b#17 terminationMessagePath:s#13 terminationMessagePolicy:s#20 tty:b#18 volumeDevices:[core.v1.VolumeDevice]#21@devicePath~merge=devicePath volumeMounts:[core.v1.VolumeMount]#9@mountPath~merge=mountPath workingDir:s#5',
  'core.v1.ContainerExtendedResourceRequest': 'containerName!:s#1 requestName!:s#3 resourceName!:s#2',
  'core.v1.ContainerImage': 'names:[s]#1 sizeBytes:l#2',
  'core.v1.ContainerPort': 'containerPort!:i#3 hostIP:s#5 hostPort:i#2 name:s#1 protocol:s#4="TCP"',
  'core.v1.ContainerResizePolicy': 'resourceName!:s#1 restartPolicy!:s#2',
  'core.v1.ContainerRestartRule': 'action!:s#1 exitCodes:core.v1.ContainerRestartRuleOnExitCodes#2',
  'core.v1.ContainerRestartRuleOnExitCodes': 'operator!:s#1 values:[i]#2@@',
  'core.v1.ContainerState':
    'running:core.v1.ContainerStateRunning#2 terminated:core.v1.ContainerStateTerminated#3 waiting:core.v1.ContainerStateWaiting#1',
  'core.v1.ContainerStateRunning': 'startedAt:t#1',
  'core.v1.ContainerStateTerminated':
    'containerID:s#7 exitCode!:i#1 finishedAt:t#6 message:s#4 reason:s#3 signal:i#2 startedAt:t#5',
  'core.v1.ContainerStateWaiting': 'message:s#2 reason:s#1',
  'core.v1.ContainerStatus':
    'allocatedResources:{q}#10 allocatedResourcesStatus:[core.v1.ResourceStatus]#14@name~merge=name containerID:s#8 image!:s#6 imageID!:s#7 lastState:core.v1.ContainerState#3& name!:s#1 ready!:b#4=false resources:core.v1.ResourceRequirements#11 restartCount!:i#5 started:b#9^ state:core.v1.ContainerState#2& stopSignal:s#15^ user:core.v1.ContainerUser#13 volumeMounts:[core.v1.VolumeMountStatus]#12@mountPath~merge=mountPath',
  'core.v1.ContainerUser': 'linux:core.v1.LinuxContainerUser#1',
  'core.v1.DaemonEndpoint': 'Port!:i#1',
  'core.v1.DownwardAPIProjection': 'items:[core.v1.DownwardAPIVolumeFile]#1',
  'core.v1.DownwardAPIVolumeFile':
    'fieldRef:core.v1.ObjectFieldSelector#2 mode:i#4^ path!:s#1 resourceFieldRef:core.v1.ResourceFieldSelector#3',
  'core.v1.DownwardAPIVolumeSource': 'defaultMode:i#2^ items:[core.v1.DownwardAPIVolumeFile]#1',
  'core.v1.EmptyDirVolumeSource': 'medium:s#1 sizeLimit:q#2^',
  'core.v1.EnvFromSource': 'configMapRef:core.v1.ConfigMapEnvSource#2 prefix:s#1 secretRef:core.v1.SecretEnvSource#3',
  'core.v1.EnvVar': 'name!:s#1 value:s#2 valueFrom:core.v1.EnvVarSource#3',
  'core.v1.EnvVarSource':
    'configMapKeyRef:core.v1.ConfigMapKeySelector#3 fieldRef:core.v1.ObjectFieldSelector#1 fileKeyRef:core.v1.FileKeySelector#5 resourceFieldRef:core.v1.ResourceFieldSelector#2 secretKeyRef:core.v1.SecretKeySelector#4',
  'core.v1.EphemeralContainer':
    'args:[s]#1.4 command:[s]#1.3 env:[core.v1.EnvVar]#1.7@name~merge=name envFrom:[core.v1.EnvFromSource]#1.19 image:s#1.2 imagePullPolicy:s#1.14 lifecycle:core.v1.Lifecycle#1.12 livenessProbe:core.v1.Probe#1.10 name!:s#1.1 ports:[core.v1.ContainerPort]#1.6@containerPort,protocol~merge=containerPort readinessProbe:core.v1.Probe#1.11 resizePolicy:[core.v1.ContainerResizePolicy]#1.23 resources:core.v1.ResourceRequirements#1.8& restartPolicy:s#1.24^ restartPolicyRules:[core.v1.ContainerRestartRule]#1.25 securityContext:core.v1.SecurityContext#1.15 startupProbe:core.v1.Probe#1.22 stdin:b#1.16 stdinOnce:b#1.17 targetContainerName:s#2 terminationMessagePath:s#1.13 terminationMessagePolicy:s#1.20 tty:b#1.18 volumeDevices:[core.v1.VolumeDevice]#1.21@devicePath~merge=devicePath volumeMounts:[core.v1.VolumeMount]#1.9@mountPath~merge=mountPath workingDir:s#1.5',
  'core.v1.EphemeralVolumeSource': 'volumeClaimTemplate:core.v1.PersistentVolumeClaimTemplate#1',
  'core.v1.Event':
    'action:s#12 count:i#8 eventTime:u#10 firstTimestamp:t#6 involvedObject!:core.v1.ObjectReference#2& lastTimestamp:t#7 message:s#4 metadata!:meta.v1.ObjectMeta#1& reason:s#3 related:core.v1.ObjectReference#13 reportingComponent:s#14 reportingInstance:s#15 series:core.v1.EventSeries#11 source:core.v1.EventSource#5& type:s#9',
  'core.v1.EventSeries': 'count:i#1 lastObservedTime:u#2',
  'core.v1.EventSource': 'component:s#1 host:s#2',
  'core.v1.ExecAction': 'command:[s]#1',
  'core.v1.FCVolumeSource': 'fsType:s#3 lun:i#2^ readOnly:b#4 targetWWNs:[s]#1 wwids:[s]#5',
  'core.v1.FileKeySelector': '% key!:s#3 optional:b#4^=false path!:s#2 volumeName!:s#1',
  'core.v1.FlexVolumeSource':
    'driver!:s#1 fsType:s#2 options:{s}#5 readOnly:b#4 secretRef:core.v1.LocalObjectReference#3',
  'core.v1.FlockerVolumeSource': 'datasetName:s#1 datasetUUID:s#2',
  'core.v1.GCEPersistentDiskVolumeSource': 'fsType:s#2 partition:i#3 pdName!:s#1 readOnly:b#4',
  'core.v1.GRPCAction': 'port!:i#1 service:s#2^',
  'core.v1.GitRepoVolumeSource': 'directory:s#3 repository!:s#1 revision:s#2',
  'core.v1.GlusterfsVolumeSource': 'endpoints!:s#1 path!:s#2 readOnly:b#3',
  'core.v1.HTTPGetAction': 'host:s#3 httpHeaders:[core.v1.HTTPHeader]#5 path:s#1 port!:x#2 scheme:s#4',
  'core.v1.HTTPHeader': 'name!:s#1 value!:s#2',
  'core.v1.HostAlias': 'hostnames:[s]#2 ip!:s#1',
  'core.v1.HostIP': 'ip!:s#1',
  'core.v1.HostPathVolumeSource': 'path!:s#1 type:s#2^',
  'core.v1.ISCSIVolumeSource':
    'chapAuthDiscovery:b#8 chapAuthSession:b#11 fsType:s#5 initiatorName:s#12^ iqn!:s#2 iscsiInterface:s#4="default" lun!:i#3 portals:[s]#7 readOnly:b#6 secretRef:core.v1.LocalObjectReference#10 targetPortal!:s#1',
  'core.v1.ImageVolumeSource': 'pullPolicy:s#2 reference:s#1',
  'core.v1.ImageVolumeStatus': 'imageRef!:s#1',
  'core.v1.KeyToPath': 'key!:s#1 mode:i#3^ path!:s#2',
  'core.v1.Lifecycle': 'postStart:core.v1.LifecycleHandler#1 preStop:core.v1.LifecycleHandler#2 stopSignal:s#3^',
  'core.v1.LifecycleHandler':
    'exec:core.v1.ExecAction#1 httpGet:core.v1.HTTPGetAction#2 sleep:core.v1.SleepAction#4 tcpSocket:core.v1.TCPSocketAction#3',
  'core.v1.LinuxContainerUser': 'gid!:l#2 supplementalGroups:[l]#3 uid!:l#1',
  'core.v1.LoadBalancerIngress': 'hostname:s#2 ip:s#1 ipMode:s#3^ ports:[core.v1.PortStatus]#4',
  'core.v1.LoadBalancerStatus': 'ingress:[core.v1.LoadBalancerIngress]#1',
  'core.v1.LocalObjectReference': '% name:s#1',
  'core.v1.ModifyVolumeStatus': 'status!:s#2 targetVolumeAttributesClassName:s#1',
  'core.v1.NFSVolumeSource': 'path!:s#2 readOnly:b#3 server!:s#1',
  'core.v1.Namespace': 'metadata:meta.v1.ObjectMeta#1& spec:core.v1.NamespaceSpec#2& status:core.v1.NamespaceStatus#3&',
  'core.v1.NamespaceCondition': 'lastTransitionTime:t#4 message:s#6 reason:s#5 status!:s#2 type!:s#1',
  'core.v1.NamespaceSpec': 'finalizers:[s]#1',
  'core.v1.NamespaceStatus': 'conditions:[core.v1.NamespaceCondition]#2@type~merge=type phase:s#1',
  'core.v1.Node': 'metadata:meta.v1.ObjectMeta#1& spec:core.v1.NodeSpec#2& status:core.v1.NodeStatus#3&',
  'core.v1.NodeAddress': 'address!:s#2 type!:s#1',
  'core.v1.NodeAffinity':
    'preferredDuringSchedulingIgnoredDuringExecution:[core.v1.PreferredSchedulingTerm]#2 requiredDuringSchedulingIgnoredDuringExecution:core.v1.NodeSelector#1',
  'core.v1.NodeAllocatableResourceClaimStatus': 'containers:[s]#2@@ resourceClaimName!:s#1 resources!:{q}#3',
  'core.v1.NodeCondition': 'lastHeartbeatTime:t#3 lastTransitionTime:t#4 message:s#6 reason:s#5 status!:s#2 type!:s#1',
  'core.v1.NodeConfigSource': 'configMap:core.v1.ConfigMapNodeConfigSource#2',
  'core.v1.NodeConfigStatus':
    'active:core.v1.NodeConfigSource#2 assigned:core.v1.NodeConfigSource#1 error:s#4 lastKnownGood:core.v1.NodeConfigSource#3',
  'core.v1.NodeDaemonEndpoints': 'kubeletEndpoint:core.v1.DaemonEndpoint#1&',
  'core.v1.NodeFeatures': 'supplementalGroupsPolicy:b#1^',
  'core.v1.NodeRuntimeHandler': 'features:core.v1.NodeRuntimeHandlerFeatures#2 name:s#1',
  'core.v1.NodeRuntimeHandlerFeatures': 'recursiveReadOnlyMounts:b#1^ userNamespaces:b#2^',
  'core.v1.NodeSelector': '% nodeSelectorTerms!:[core.v1.NodeSelectorTerm]#1',
  'core.v1.NodeSelectorRequirement': 'key!:s#1 operator!:s#2 values:[s]#3',
  'core.v1.NodeSelectorTerm':
    '% matchExpressions:[core.v1.NodeSelectorRequirement]#1 matchFields:[core.v1.NodeSelectorRequirement]#2',
  'core.v1.NodeSpec':
    'configSource:core.v1.NodeConfigSource#6 externalID:s#2 podCIDR:s#1 podCIDRs:[s]#7@@~merge providerID:s#3 taints:[core.v1.Taint]#5 unschedulable:b#4',
  'core.v1.NodeStatus':
    'addresses:[core.v1.NodeAddress]#5@type~merge=type allocatable:{q}#2 capacity:{q}#1 conditions:[core.v1.NodeCondition]#4@type~merge=type config:core.v1.NodeConfigStatus#11 daemonEndpoints:core.v1.NodeDaemonEndpoints#6& declaredFeatures:[s]#14 features:core.v1.NodeFeatures#13 images:[core.v1.ContainerImage]#8 nodeInfo:core.v1.NodeSystemInfo#7& phase:s#3 runtimeHandlers:[core.v1.NodeRuntimeHandler]#12 volumesAttached:[core.v1.AttachedVolume]#10 volumesInUse:[s]#9',
  'core.v1.NodeSwapStatus': 'capacity:l#1^',
  'core.v1.NodeSystemInfo':
    'architecture!:s#10 bootID!:s#3 containerRuntimeVersion!:s#6 kernelVersion!:s#4 kubeProxyVersion!:s#8 kubeletVersion!:s#7 machineID!:s#1 operatingSystem!:s#9 osImage!:s#5 swap:core.v1.NodeSwapStatus#11 systemUUID!:s#2',
  'core.v1.ObjectFieldSelector': '% apiVersion:s#1 fieldPath!:s#2',
  'core.v1.ObjectReference':
    '% apiVersion:s#5 fieldPath:s#7 kind:s#1 name:s#3 namespace:s#2 resourceVersion:s#6 uid:s#4',
  'core.v1.PersistentVolumeClaim':
    'metadata:meta.v1.ObjectMeta#1& spec:core.v1.PersistentVolumeClaimSpec#2& status:core.v1.PersistentVolumeClaimStatus#3&',
  'core.v1.PersistentVolumeClaimCondition':
    'lastProbeTime:t#3 lastTransitionTime:t#4 message:s#6 reason:s#5 status!:s#2 type!:s#1',
  'core.v1.PersistentVolumeClaimSpec':
    'accessModes:[s]#1 dataSource:core.v1.TypedLocalObjectReference#7 dataSourceRef:core.v1.TypedObjectReference#8 resources:core.v1.VolumeResourceRequirements#2& selector:meta.v1.LabelSelector#4 storageClassName:s#5^ volumeAttributesClassName:s#9^ volumeMode:s#6^ volumeName:s#3',
  'core.v1.PersistentVolumeClaimStatus':
    'accessModes:[s]#2 allocatedResourceStatuses:{s}#7 allocatedResources:{q}#5 capacity:{q}#3 conditions:[core.v1.PersistentVolumeClaimCondition]#4@type~merge=type currentVolumeAttributesClassName:s#8^ modifyVolumeStatus:core.v1.ModifyVolumeStatus#9 phase:s#1',
  'core.v1.PersistentVolumeClaimTemplate': 'metadata:meta.v1.ObjectMeta#1& spec!:core.v1.PersistentVolumeClaimSpec#2&',
  'core.v1.PersistentVolumeClaimVolumeSource': 'claimName!:s#1 readOnly:b#2',
  'core.v1.PhotonPersistentDiskVolumeSource': 'fsType:s#2 pdID!:s#1',
  'core.v1.Pod': 'metadata:meta.v1.ObjectMeta#1& spec:core.v1.PodSpec#2& status:core.v1.PodStatus#3&',
  'core.v1.PodAffinity':
    'preferredDuringSchedulingIgnoredDuringExecution:[core.v1.WeightedPodAffinityTerm]#2 requiredDuringSchedulingIgnoredDuringExecution:[core.v1.PodAffinityTerm]#1',
  'core.v1.PodAffinityTerm':
    'labelSelector:meta.v1.LabelSelector#1 matchLabelKeys:[s]#5 mismatchLabelKeys:[s]#6 namespaceSelector:meta.v1.LabelSelector#4 namespaces:[s]#2 topologyKey!:s#3',
  'core.v1.PodAntiAffinity':
    'preferredDuringSchedulingIgnoredDuringExecution:[core.v1.WeightedPodAffinityTerm]#2 requiredDuringSchedulingIgnoredDuringExecution:[core.v1.PodAffinityTerm]#1',
  'core.v1.PodCertificateProjection':
    'certificateChainPath:s#6 credentialBundlePath:s#4 keyPath:s#5 keyType!:s#2 maxExpirationSeconds:i#3^ signerName!:s#1 userAnnotations:{s}#7',
  'core.v1.PodCondition':
    'lastProbeTime:t#3 lastTransitionTime:t#4 message:s#6 observedGeneration:l#7 reason:s#5 status!:s#2 type!:s#1',
  'core.v1.PodDNSConfig': 'nameservers:[s]#1 options:[core.v1.PodDNSConfigOption]#3 searches:[s]#2',
  'core.v1.PodDNSConfigOption': 'name:s#1 value:s#2^',
  'core.v1.PodExtendedResourceClaimStatus':
    'requestMappings!:[core.v1.ContainerExtendedResourceRequest]#1 resourceClaimName!:s#2',
  'core.v1.PodIP': 'ip!:s#1',
  'core.v1.PodOS': 'name!:s#1',
  'core.v1.PodReadinessGate': 'conditionType!:s#1',
  'core.v1.PodResourceClaim': 'name!:s#1 resourceClaimName:s#3^ resourceClaimTemplateName:s#4^',
  'core.v1.PodResourceClaimStatus': 'name!:s#1 resourceClaimName:s#2^',
  'core.v1.PodSchedulingGate': 'name!:s#1',
  'core.v1.PodSchedulingGroup': 'podGroupName:s#1^',
  'core.v1.PodSecurityContext':
    'appArmorProfile:core.v1.AppArmorProfile#11 fsGroup:l#5^ fsGroupChangePolicy:s#9^ runAsGroup:l#6^ runAsNonRoot:b#3^ runAsUser:l#2^ seLinuxChangePolicy:s#13^ seLinuxOptions:core.v1.SELinuxOptions#1 seccompProfile:core.v1.SeccompProfile#10 supplementalGroups:[l]#4 supplementalGroupsPolicy:s#12^ sysctls:[core.v1.Sysctl]#7 windowsOptions:core.v1.WindowsSecurityContextOptions#8',
  'core.v1.PodSpec':
    'activeDeadlineSeconds:l#5^ affinity:core.v1.Affinity#18 automountServiceAccountToken:b#21^ containers!:[core.v1.Container]#2@name~merge=name dnsConfig:core.v1.PodDNSConfig#26 dnsPolicy:s#6 enableServiceLinks:b#30^ ephemeralContainers:[core.v1.EphemeralContainer]#34@name~merge=name hostAliases:[core.v1.HostAlias]#23@ip~merge=ip hostIPC:b#13 hostNetwork:b#11 hostPID:b#12 hostUsers:b#37^ hostname:s#16 hostnameOverride:s#41^ imagePullSecrets:[core.v1.LocalObjectReference]#15@name~merge=name initContainers:[core.v1.Container]#20@name~merge=name nodeName:s#10 nodeSelector:{s}#7% os:core.v1.PodOS#36 overhead:{q}#32 preemptionPolicy:s#31^ priority:i#25^ priorityClassName:s#24 readinessGates:[core.v1.PodReadinessGate]#28 resourceClaims:[core.v1.PodResourceClaim]#39@name~merge,retainKeys=name resources:core.v1.ResourceRequirements#40 restartPolicy:s#3 runtimeClassName:s#29^ schedulerName:s#19 schedulingGates:[core.v1.PodSchedulingGate]#38@name~merge=name schedulingGroup:core.v1.PodSchedulingGroup#43 securityContext:core.v1.PodSecurityContext#14 serviceAccount:s#9 serviceAccountName:s#8 setHostnameAsFQDN:b#35^ shareProcessNamespace:b#27^ subdomain:s#17 terminationGracePeriodSeconds:l#4^ tolerations:[core.v1.Toleration]#22 topologySpreadConstraints:[core.v1.TopologySpreadConstraint]#33@topologyKey,whenUnsatisfiable~merge=topologyKey volumes:[core.v1.Volume]#1@name~merge,retainKeys=name',
  'core.v1.PodStatus':
    'allocatedResources:{q}#19 conditions:[core.v1.PodCondition]#2@type~merge=type containerStatuses:[core.v1.ContainerStatus]#8 ephemeralContainerStatuses:[core.v1.ContainerStatus]#13 extendedResourceClaimStatus:core.v1.PodExtendedResourceClaimStatus#18 hostIP:s#5 hostIPs:[core.v1.HostIP]#16~merge=ip initContainerStatuses:[core.v1.ContainerStatus]#10 message:s#3 nodeAllocatableResourceClaimStatuses:[core.v1.NodeAllocatableResourceClaimStatus]#21 nominatedNodeName:s#11 observedGeneration:l#17 phase:s#1 podIP:s#6 podIPs:[core.v1.PodIP]#12@ip~merge=ip qosClass:s#9 reason:s#4 resize:s#14 resourceClaimStatuses:[core.v1.PodResourceClaimStatus]#15@name~merge,retainKeys=name resources:core.v1.ResourceRequirements#20 startTime:t#7^',
  'core.v1.PodTemplateSpec': 'metadata:meta.v1.ObjectMeta#1& spec:core.v1.PodSpec#2&',
  'core.v1.PortStatus': 'error:s#3^ port!:i#1 protocol!:s#2',
  'core.v1.PortworxVolumeSource': 'fsType:s#2 readOnly:b#3 volumeID!:s#1',
  'core.v1.PreferredSchedulingTerm': 'preference!:core.v1.NodeSelectorTerm#2& weight!:i#1',
  'core.v1.Probe':
    'exec:core.v1.ExecAction#1.1 failureThreshold:i#6 grpc:core.v1.GRPCAction#1.4 httpGet:core.v1.HTTPGetAction#1.2 initialDelaySeconds:i#2 periodSeconds:i#4 successThreshold:i#5 tcpSocket:core.v1.TCPSocketAction#1.3 terminationGracePeriodSeconds:l#7^ timeoutSeconds:i#3',
  'core.v1.ProjectedVolumeSource': 'defaultMode:i#2^ sources:[core.v1.VolumeProjection]#1',
  'core.v1.QuobyteVolumeSource': 'group:s#5 readOnly:b#3 registry!:s#1 tenant:s#6 user:s#4 volume!:s#2',
  'core.v1.RBDVolumeSource':
    'fsType:s#3 image!:s#2 keyring:s#6="/etc/ceph/keyring" monitors!:[s]#1 pool:s#4="rbd" readOnly:b#8 secretRef:core.v1.LocalObjectReference#7 user:s#5="admin"',
  'core.v1.ResourceClaim': 'name!:s#1 request:s#2',
  'core.v1.ResourceFieldSelector': '% containerName:s#1 divisor:q#3 resource!:s#2',
  'core.v1.ResourceHealth': 'health:s#2 message:s#6^ resourceID!:s#1',
  'core.v1.ResourceRequirements': 'claims:[core.v1.ResourceClaim]#3@name limits:{q}#1 requests:{q}#2',
  'core.v1.ResourceStatus': 'name!:s#1 resources:[core.v1.ResourceHealth]#2@resourceID',
  'core.v1.SELinuxOptions': 'level:s#4 role:s#2 type:s#3 user:s#1',
  'core.v1.ScaleIOVolumeSource':
    'fsType:s#9="xfs" gateway!:s#1 protectionDomain:s#5 readOnly:b#10 secretRef!:core.v1.LocalObjectReference#3 sslEnabled:b#4 storageMode:s#7="ThinProvisioned" storagePool:s#6 system!:s#2 volumeName:s#8',
  'core.v1.SeccompProfile': 'localhostProfile:s#2^ type!:s#1',
  'core.v1.Secret': 'data:{B}#2 immutable:b#5^ metadata:meta.v1.ObjectMeta#1& stringData:{s}#4 type:s#3',
  'core.v1.SecretEnvSource': 'name:s#1.1 optional:b#2^',
  'core.v1.SecretKeySelector': '% key!:s#2 name:s#1.1 optional:b#3^',
  'core.v1.SecretProjection': 'items:[core.v1.KeyToPath]#2 name:s#1.1 optional:b#4^',
  'core.v1.SecretVolumeSource': 'defaultMode:i#3^ items:[core.v1.KeyToPath]#2 optional:b#4^ secretName:s#1',
  'core.v1.SecurityContext':
    'allowPrivilegeEscalation:b#7^ appArmorProfile:core.v1.AppArmorProfile#12 capabilities:core.v1.Capabilities#1 privileged:b#2^ procMount:s#9^ readOnlyRootFilesystem:b#6^ runAsGroup:l#8^ runAsNonRoot:b#5^ runAsUser:l#4^ seLinuxOptions:core.v1.SELinuxOptions#3 seccompProfile:core.v1.SeccompProfile#11 windowsOptions:core.v1.WindowsSecurityContextOptions#10',
  'core.v1.Service': 'metadata:meta.v1.ObjectMeta#1& spec:core.v1.ServiceSpec#2& status:core.v1.ServiceStatus#3&',
  'core.v1.ServiceAccount':
    'automountServiceAccountToken:b#4^ imagePullSecrets:[core.v1.LocalObjectReference]#3 metadata:meta.v1.ObjectMeta#1& secrets:[core.v1.ObjectReference]#2@name~merge=name',
  'core.v1.ServiceAccountTokenProjection': 'audience:s#1 expirationSeconds:l#2^ path!:s#3',
  'core.v1.ServicePort': 'appProtocol:s#6^ name:s#1 nodePort:i#5 port!:i#3 protocol:s#2="TCP" targetPort:x#4',
  'core.v1.ServiceSpec':
    'allocateLoadBalancerNodePorts:b#20^ clusterIP:s#3 clusterIPs:[s]#18 externalIPs:[s]#5 externalName:s#10 externalTrafficPolicy:s#11 healthCheckNodePort:i#12 internalTrafficPolicy:s#22^ ipFamilies:[s]#19 ipFamilyPolicy:s#17^ loadBalancerClass:s#21^ loadBalancerIP:s#8 loadBalancerSourceRanges:[s]#9 ports:[core.v1.ServicePort]#1@port,protocol~merge=port publishNotReadyAddresses:b#13 selector:{s}#2% sessionAffinity:s#7 sessionAffinityConfig:core.v1.SessionAffinityConfig#14 trafficDistribution:s#23^ type:s#4',
  'core.v1.ServiceStatus':
    'conditions:[meta.v1.Condition]#2@type~merge=type loadBalancer:core.v1.LoadBalancerStatus#1&',
  'core.v1.SessionAffinityConfig': 'clientIP:core.v1.ClientIPConfig#1',
  'core.v1.SleepAction': 'seconds!:l#1',
  'core.v1.StorageOSVolumeSource':
    'fsType:s#3 readOnly:b#4 secretRef:core.v1.LocalObjectReference#5 volumeName:s#1 volumeNamespace:s#2',
  'core.v1.Sysctl': 'name!:s#1 value!:s#2',
  'core.v1.TCPSocketAction': 'host:s#2 port!:x#1',
  'core.v1.Taint': 'effect!:s#3 key!:s#1 timeAdded:t#4^ value:s#2',
  'core.v1.Toleration': 'effect:s#4 key:s#1 operator:s#2 tolerationSeconds:l#5^ value:s#3',
  'core.v1.TopologySpreadConstraint':
    'labelSelector:meta.v1.LabelSelector#4 matchLabelKeys:[s]#8 maxSkew!:i#1 minDomains:i#5^ nodeAffinityPolicy:s#6^ nodeTaintsPolicy:s#7^ topologyKey!:s#2 whenUnsatisfiable!:s#3',
  'core.v1.TypedLocalObjectReference': '% apiGroup:s#1^ kind!:s#2 name!:s#3',
  'core.v1.TypedObjectReference': 'apiGroup:s#1^ kind!:s#2 name!:s#3 namespace:s#4^',
  'core.v1.Volume':
    'awsElasticBlockStore:core.v1.AWSElasticBlockStoreVolumeSource#2.4 azureDisk:core.v1.AzureDiskVolumeSource#2.22 azureFile:core.v1.AzureFileVolumeSource#2.18 cephfs:core.v1.CephFSVolumeSource#2.14 cinder:core.v1.CinderVolumeSource#2.13 configMap:core.v1.ConfigMapVolumeSource#2.19 csi:core.v1.CSIVolumeSource#2.28 downwardAPI:core.v1.DownwardAPIVolumeSource#2.16 emptyDir:core.v1.EmptyDirVolumeSource#2.2 ephemeral:core.v1.EphemeralVolumeSource#2.29 fc:core.v1.FCVolumeSource#2.17 flexVolume:core.v1.FlexVolumeSource#2.12 flocker:core.v1.FlockerVolumeSource#2.15 gcePersistentDisk:core.v1.GCEPersistentDiskVolumeSource#2.3 gitRepo:core.v1.GitRepoVolumeSource#2.5 glusterfs:core.v1.GlusterfsVolumeSource#2.9 hostPath:core.v1.HostPathVolumeSource#2.1 image:core.v1.ImageVolumeSource#2.30 iscsi:core.v1.ISCSIVolumeSource#2.8 name!:s#1 nfs:core.v1.NFSVolumeSource#2.7 persistentVolumeClaim:core.v1.PersistentVolumeClaimVolumeSource#2.10 photonPersistentDisk:core.v1.PhotonPersistentDiskVolumeSource#2.23 portworxVolume:core.v1.PortworxVolumeSource#2.24 projected:core.v1.ProjectedVolumeSource#2.26 quobyte:core.v1.QuobyteVolumeSource#2.21 rbd:core.v1.RBDVolumeSource#2.11 scaleIO:core.v1.ScaleIOVolumeSource#2.25 secret:core.v1.SecretVolumeSource#2.6 storageos:core.v1.StorageOSVolumeSource#2.27 vsphereVolume:core.v1.VsphereVirtualDiskVolumeSource#2.20',
  'core.v1.VolumeDevice': 'devicePath!:s#2 name!:s#1',
  'core.v1.VolumeMount':
    'mountPath!:s#3 mountPropagation:s#5^ name!:s#1 readOnly:b#2 recursiveReadOnly:s#7^ subPath:s#4 subPathExpr:s#6',
  'core.v1.VolumeMountStatus':
    'mountPath!:s#2 name!:s#1 readOnly:b#3 recursiveReadOnly:s#4^ volumeStatus:core.v1.VolumeStatus#5',
  'core.v1.VolumeProjection':
    'clusterTrustBundle:core.v1.ClusterTrustBundleProjection#5 configMap:core.v1.ConfigMapProjection#3 downwardAPI:core.v1.DownwardAPIProjection#2 podCertificate:core.v1.PodCertificateProjection#6 secret:core.v1.SecretProjection#1 serviceAccountToken:core.v1.ServiceAccountTokenProjection#4',
  'core.v1.VolumeResourceRequirements': 'limits:{q}#1 requests:{q}#2',
  'core.v1.VolumeStatus': 'image:core.v1.ImageVolumeStatus#1',
  'core.v1.VsphereVirtualDiskVolumeSource': 'fsType:s#2 storagePolicyID:s#4 storagePolicyName:s#3 volumePath!:s#1',
  'core.v1.WeightedPodAffinityTerm': 'podAffinityTerm!:core.v1.PodAffinityTerm#2& weight!:i#1',
  'core.v1.WindowsSecurityContextOptions':
    'gmsaCredentialSpec:s#2^ gmsaCredentialSpecName:s#1^ hostProcess:b#4^ runAsUserName:s#3^',
  'discovery.v1.Endpoint':
    'addresses!:[s]#1@@ conditions:discovery.v1.EndpointConditions#2& deprecatedTopology:{s}#5 hints:discovery.v1.EndpointHints#8 hostname:s#3^ nodeName:s#6^ targetRef:core.v1.ObjectReference#4 zone:s#7^',
  'discovery.v1.EndpointConditions': 'ready:b#1^ serving:b#2^ terminating:b#3^',
  'discovery.v1.EndpointHints': 'forNodes:[discovery.v1.ForNode]#2 forZones:[discovery.v1.ForZone]#1',
  'discovery.v1.EndpointPort': '% appProtocol:s#4^ name:s#1^ port:i#3^ protocol:s#2^',
  'discovery.v1.EndpointSlice':
    'addressType!:s#4 endpoints:[discovery.v1.Endpoint]#2 metadata:meta.v1.ObjectMeta#1& ports:[discovery.v1.EndpointPort]#3',
  'discovery.v1.ForNode': 'name!:s#1',
  'discovery.v1.ForZone': 'name!:s#1',
  'events.v1.Event':
    'action:s#6 deprecatedCount:i#15 deprecatedFirstTimestamp:t#13 deprecatedLastTimestamp:t#14 deprecatedSource:core.v1.EventSource#12& eventTime!:u#2 metadata:meta.v1.ObjectMeta#1& note:s#10 reason:s#7 regarding:core.v1.ObjectReference#8& related:core.v1.ObjectReference#9 reportingController:s#4 reportingInstance:s#5 series:events.v1.EventSeries#3 type:s#11',
  'events.v1.EventSeries': 'count!:i#1 lastObservedTime!:u#2',
  'meta.v1.Condition': 'lastTransitionTime!:t#4 message!:s#6 observedGeneration:l#3 reason!:s#5 status!:s#2 type!:s#1',
  'meta.v1.DeleteOptions':
    'dryRun:[s]#5 gracePeriodSeconds:l#1^ ignoreStoreReadErrorWithClusterBreakingPotential:b#6^ orphanDependents:b#3^ preconditions:meta.v1.Preconditions#2 propagationPolicy:s#4^',
  'meta.v1.FieldSelectorRequirement': 'key!:s#1 operator!:s#2 values:[s]#3',
  'meta.v1.LabelSelector': '% matchExpressions:[meta.v1.LabelSelectorRequirement]#2 matchLabels:{s}#1',
  'meta.v1.LabelSelectorRequirement': 'key!:s#1 operator!:s#2 values:[s]#3',
  'meta.v1.ListMeta':
    'continue:s#3 remainingItemCount:l#4^ resourceVersion:s#2 selfLink:s#1 shardInfo:meta.v1.ShardInfo#5',
  'meta.v1.ManagedFieldsEntry':
    'apiVersion:s#3 fieldsType:s#6 fieldsV1:*#7 manager:s#1 operation:s#2 subresource:s#8 time:t#4^',
  'meta.v1.ObjectMeta':
    'annotations:{s}#12 creationTimestamp:t#8 deletionGracePeriodSeconds:l#10^ deletionTimestamp:t#9^ finalizers:[s]#14@@~merge generateName:s#2 generation:l#7 labels:{s}#11 managedFields:[meta.v1.ManagedFieldsEntry]#17 name:s#1 namespace:s#3 ownerReferences:[meta.v1.OwnerReference]#13@uid~merge=uid resourceVersion:s#6 selfLink:s#4 uid:s#5',
  'meta.v1.OwnerReference': '% apiVersion!:s#5 blockOwnerDeletion:b#7^ controller:b#6^ kind!:s#1 name!:s#3 uid!:s#4',
  'meta.v1.Preconditions': 'resourceVersion:s#2^ uid:s#1^',
  'meta.v1.ShardInfo': 'selector!:s#1',
  'networking.v1.IPBlock': 'cidr!:s#1 except:[s]#2',
  'networking.v1.NetworkPolicy': 'metadata:meta.v1.ObjectMeta#1& spec:networking.v1.NetworkPolicySpec#2&',
  'networking.v1.NetworkPolicyEgressRule':
    'ports:[networking.v1.NetworkPolicyPort]#1 to:[networking.v1.NetworkPolicyPeer]#2',
  'networking.v1.NetworkPolicyIngressRule':
    'from:[networking.v1.NetworkPolicyPeer]#2 ports:[networking.v1.NetworkPolicyPort]#1',
  'networking.v1.NetworkPolicyPeer':
    'ipBlock:networking.v1.IPBlock#3 namespaceSelector:meta.v1.LabelSelector#2 podSelector:meta.v1.LabelSelector#1',
  'networking.v1.NetworkPolicyPort': 'endPort:i#3^ port:x#2^ protocol:s#1^',
  'networking.v1.NetworkPolicySpec':
    'egress:[networking.v1.NetworkPolicyEgressRule]#3 ingress:[networking.v1.NetworkPolicyIngressRule]#2 podSelector:meta.v1.LabelSelector#1& policyTypes:[s]#4',
  'policy.v1.PodDisruptionBudget':
    'metadata:meta.v1.ObjectMeta#1& spec:policy.v1.PodDisruptionBudgetSpec#2& status:policy.v1.PodDisruptionBudgetStatus#3&',
  'policy.v1.PodDisruptionBudgetSpec':
    'maxUnavailable:x#3^ minAvailable:x#1^ selector:meta.v1.LabelSelector#2~replace unhealthyPodEvictionPolicy:s#4^',
  'policy.v1.PodDisruptionBudgetStatus':
    'conditions:[meta.v1.Condition]#7@type~merge=type currentHealthy:i#4 desiredHealthy:i#5 disruptedPods:{t}#2 disruptionsAllowed:i#3 expectedPods:i#6 observedGeneration:l#1',
  'rbac.v1.AggregationRule': 'clusterRoleSelectors:[meta.v1.LabelSelector]#1',
  'rbac.v1.ClusterRole':
    'aggregationRule:rbac.v1.AggregationRule#3 metadata:meta.v1.ObjectMeta#1& rules:[rbac.v1.PolicyRule]#2&',
  'rbac.v1.ClusterRoleBinding':
    'metadata:meta.v1.ObjectMeta#1& roleRef!:rbac.v1.RoleRef#3& subjects:[rbac.v1.Subject]#2',
  'rbac.v1.PolicyRule': 'apiGroups:[s]#2 nonResourceURLs:[s]#5 resourceNames:[s]#4 resources:[s]#3 verbs!:[s]#1',
  'rbac.v1.Role': 'metadata:meta.v1.ObjectMeta#1& rules:[rbac.v1.PolicyRule]#2&',
  'rbac.v1.RoleBinding': 'metadata:meta.v1.ObjectMeta#1& roleRef!:rbac.v1.RoleRef#3& subjects:[rbac.v1.Subject]#2',
  'rbac.v1.RoleRef': '% apiGroup:s#1 kind!:s#2 name!:s#3',
  'rbac.v1.Subject': '% apiGroup:s#2 kind!:s#1 name!:s#3 namespace:s#4',
};
