// Other spellings than the canonical ones: read, never written. The seed shows kebab, snake and camel case for one thing.

const SPEC_ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LatticeExternalService: {
    allowedRequesters: 'allowed_requesters',
    'allowed-requesters': 'allowed_requesters',
    allowedTargets: 'allowed_targets',
    'allowed-targets': 'allowed_targets',
  },
  LatticeService: {
    service_account: 'serviceAccount',
    'service-account': 'serviceAccount',
    allow_shared_identity: 'allowSharedIdentity',
    'allow-shared-identity': 'allowSharedIdentity',
  },
  LatticeResourceClass: {},
  LatticeConfig: {},
};

const TYPE_ALIASES: Readonly<Record<string, string>> = {
  'external-service': 'external_service',
  externalService: 'external_service',
  ExternalService: 'external_service',
  Service: 'service',
};

/** The aliases of a kind's spec fields, alias -> canonical: the CRD lists them so that an API server keeps them. */
export function specAliases(kind: string): Readonly<Record<string, string>> {
  return SPEC_ALIASES[kind] ?? {};
}

/**
 * `raw` with canonical spellings; parts that need no change are shared, the input is never changed.
 * A field written in two spellings is left as it is, so that the unknown one is reported.
 */
export function canonical(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const aliases = SPEC_ALIASES[typeof raw['kind'] === 'string' ? raw['kind'] : ''];
  const spec = raw['spec'];
  if (!aliases || !isRecord(spec)) return raw;
  const renamed = withoutNulls(rename(spec, aliases));
  const resources = renamed['resources'];
  const retyped = isRecord(resources) ? retype(resources) : resources;
  const fixed = retyped === resources ? renamed : { ...renamed, resources: retyped };
  return fixed === spec ? raw : { ...raw, spec: fixed };
}

function rename(
  fields: Readonly<Record<string, unknown>>,
  aliases: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const keys = Object.keys(fields);
  if (!keys.some((key) => Object.hasOwn(aliases, key))) return fields;
  return Object.fromEntries(
    keys.map((key) => {
      const name = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
      return [name !== undefined && !Object.hasOwn(fields, name) ? name : key, fields[key]];
    }),
  );
}

/**
 * Fields of which an API server drops a null, and where nothing widens by it. Of others (`ports`, `services`, `service`)
 * the default is wider than what somebody may have meant to write, so a null is refused.
 */
const NULL_IS_EMPTY = ['endpoints', 'sources', 'allowed_requesters', 'allowed_targets'];

function withoutNulls(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!NULL_IS_EMPTY.some((name) => fields[name] === null)) return fields;
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== null || !NULL_IS_EMPTY.includes(name)),
  );
}

function retype(resources: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let changed = false;
  const entries = Object.entries(resources).map(([key, entry]) => {
    const type = isRecord(entry) ? entry['type'] : undefined;
    const name = typeof type === 'string' && Object.hasOwn(TYPE_ALIASES, type) ? TYPE_ALIASES[type] : undefined;
    if (!isRecord(entry) || name === undefined) return [key, entry] as const;
    changed = true;
    return [key, { ...entry, type: name }] as const;
  });
  return changed ? Object.fromEntries(entries) : resources;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
