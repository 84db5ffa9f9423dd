import { z } from 'zod';

/** A name that Kubernetes accepts as a Service or label value (RFC 1123 label, at most 63 characters). */
export const dnsLabel = z
  .string()
  .max(63, 'at most 63 characters')
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'lower-case letters, digits and "-", beginning and ending with a letter or digit',
  );

/** A ServiceAccount's name (RFC 1123 subdomain). */
export const dnsSubdomain = z
  .string()
  .max(253, 'at most 253 characters')
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit',
  );

/** `name`, `namespace/name` or `*`: how an entry of `resources` names its peer. */
export const peerName = z
  .string()
  .max(127, 'at most 127 characters')
  .regex(/^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9]*[a-z0-9])?)?)$/, 'a name, "namespace/name", or "*"');

/** Like {@link peerName}, with the namespace wildcards of an external service's lists besides. */
export const memberName = z
  .string()
  .max(127, 'at most 127 characters')
  .regex(
    /^(\*|\*\/\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\/([a-z0-9]([-a-z0-9]*[a-z0-9])?|\*))?)$/,
    'a name, "namespace/name", "namespace/*", "*" (the same namespace) or "*/*" (any namespace)',
  );

/** A namespace, or `*` for every namespace. */
export const namespaceScope = z.union([z.literal('*'), dnsLabel]);

/** A port's name inside `service.ports`. */
export const portName = z
  .string()
  .max(63, 'at most 63 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and "-"');

/** A port number, 1 to 65535. */
export const portNumber = z.int('a whole number').min(1, 'from 1 to 65535').max(65535, 'from 1 to 65535');

/** A container port's name as Kubernetes has it (IANA_SVC_NAME: at most 15 characters, one letter at least). */
export const containerPortName = z
  .string()
  .max(15, 'at most 15 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and "-"')
  .regex(/[a-z]/, 'at least one letter');

const labelValue = z
  .string()
  .max(63, 'at most 63 characters')
  .regex(/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/, 'letters, digits, "-", "_" and "."');

const labelKey = z
  .string()
  .max(317, 'at most 317 characters')
  .regex(
    /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    'a label key: [prefix/]name',
  );

/** A label map with at least one entry: a selector that selects nobody by accident selects everybody. */
export const matchLabels = z
  .record(labelKey, labelValue)
  .refine((labels) => Object.keys(labels).length > 0, 'at least one label');
