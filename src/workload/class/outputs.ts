import { type Finding, hostText, type LatticeResourceClass, parseEndpoint } from '../../api/index.ts';
import { evaluate, type Lookup } from '../template/evaluate.ts';
import { plainText, secretValue, textValue, type Value } from '../value.ts';
import { aboutClass, type Claim } from './report.ts';

/** What services may rely on, by type: a class that gives less is refused. Types of their own have no such list. */
const PROMISED: Readonly<Record<string, readonly string[]>> = {
  postgres: ['host', 'port', 'database', 'username', 'password'],
  mysql: ['host', 'port', 'database', 'username', 'password'],
  redis: ['host', 'port', 'password'],
};

/** The typed outputs that a class writes out, with those that its endpoint gives by itself. */
export function classOutputs(
  declared: LatticeResourceClass,
  claim: Claim,
  lookup: Lookup,
): { readonly outputs: ReadonlyMap<string, Value>; readonly findings: readonly Finding[] } {
  const outputs = new Map<string, Value>(addressOf(declared));
  const findings: Finding[] = [];
  const text = (template: string, path: readonly string[]): string | undefined => {
    const result = evaluate(template, lookup);
    const plain = result.ok ? plainText(result.value) : undefined;
    if (!result.ok) {
      for (const { message, at } of result.problems) {
        const where = `line ${at.line}, column ${at.column}: ${message}`;
        findings.push(aboutClass(declared, 'ResourceClassInvalid', where, ['spec', 'outputs', ...path]));
      }
    }
    return plain;
  };
  for (const [name, output] of Object.entries(declared.spec.outputs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (output.secret) {
      const secret = text(output.secret.name, [name, 'secret', 'name']);
      const key = text(output.secret.key, [name, 'secret', 'key']);
      if (secret !== undefined && key !== undefined) outputs.set(name, secretValue({ name: secret, key }));
      continue;
    }
    const value = text(String(output.value), [name, 'value']);
    if (value === undefined) continue;
    if (output.type === 'integer' && !/^-?\d+$/.test(value)) {
      const message = `the output ${name} is ${JSON.stringify(value)}, which is no integer`;
      findings.push(aboutClass(declared, 'ResourceClassInvalid', message, ['spec', 'outputs', name]));
    } else outputs.set(name, textValue(value));
  }
  const database = outputs.get('database') ?? outputs.get('name');
  if (database && claim.type in PROMISED) outputs.set('database', database).set('name', database);
  findings.push(...missing(declared, claim.type, outputs));
  return { outputs, findings };
}

function addressOf({ spec: { endpoint } }: LatticeResourceClass): [string, Value][] {
  const parsed = endpoint?.url === undefined ? undefined : parseEndpoint(endpoint.url);
  if (!parsed?.ok) return [];
  const { host, port } = parsed.value;
  return [
    ['host', textValue(hostText(host))],
    ['port', textValue(String(port))],
  ];
}

function missing(declared: LatticeResourceClass, type: string, outputs: ReadonlyMap<string, Value>): Finding[] {
  const promised = Object.hasOwn(PROMISED, type) ? (PROMISED[type] ?? []) : [];
  // The service behind an endpoint gives host and port itself.
  const given = declared.spec.endpoint?.service === undefined ? [] : ['host', 'port'];
  const absent = promised.filter((name) => !outputs.has(name) && !given.includes(name));
  if (absent.length === 0) return [];
  const message = `a class of type ${type} must give ${promised.join(', ')}; ${absent.join(', ')} is missing`;
  const fix = `write under spec.outputs: ${absent.map((name) => `${name}: {...}`).join(', ')}`;
  return [{ ...aboutClass(declared, 'ResourceClassInvalid', message, ['spec', 'outputs']), fix }];
}
