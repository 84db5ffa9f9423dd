import { badRequest } from '../api-error.ts';
import { type Draft, isObject, type Json, type JsonObject, parseJson } from '../json.ts';
import { timestamp } from '../meta.ts';
import { type Field, fieldsOf, isNamed, type TypeTable } from './type-notation.ts';

/**
 * Kubernetes' protobuf, read only: clients in Go send built-in objects in it, and take JSON back.
 * The envelope is four magic bytes and an `Unknown` message whose second field is the object.
 */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

/** @throws ApiError 400 for what is no such message. */
export function openEnvelope(body: Buffer): Envelope {
  if (!body.subarray(0, 4).equals(MAGIC)) throw badRequest('the body is not a Kubernetes protobuf message');
  const parts = readMessage(body.subarray(4));
  const meta = readMessage(bytesOf(parts, 1));
  return {
    apiVersion: bytesOf(meta, 1).toString('utf8'),
    kind: bytesOf(meta, 2).toString('utf8'),
    raw: bytesOf(parts, 2),
  };
}

/** The message of a built-in type as the JSON that it stands for. */
export function decodeMessage(raw: Buffer, type: string, table: TypeTable): JsonObject {
  return readType(readMessage(raw), type, table);
}

type Wire = bigint | Buffer;
type Parts = ReadonlyMap<number, readonly Wire[]>;

function readMessage(bytes: Buffer): Parts {
  const parts = new Map<number, Wire[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63n) throw badRequest('the protobuf message is truncated');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (size: number): Buffer => {
    if (at + size > bytes.length) throw badRequest('the protobuf message is truncated');
    at += size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const head = Number(varint());
    const value = head % 8 === 0 ? varint() : take(head % 8 === 2 ? Number(varint()) : head % 8 === 1 ? 8 : 4);
    const known = parts.get(head >> 3) ?? [];
    parts.set(head >> 3, [...known, value]);
  }
  return parts;
}

const bytesOf = (parts: Parts, tag: number): Buffer => {
  const value = parts.get(tag)?.at(-1);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
};

const numberOf = (parts: Parts, tag: number): number => {
  const value = parts.get(tag)?.at(-1);
  return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
};

function readType(parts: Parts, type: string, table: TypeTable): JsonObject {
  const object: Draft = {};
  for (const field of fieldsOf(table[type] ?? '')) {
    const value = readField(parts, field, table);
    if (value !== undefined) object[field.name] = value;
  }
  return object;
}

function readField(parts: Parts, field: Field, table: TypeTable): Json | undefined {
  const [last, ...path] = field.tag.toReversed();
  if (last === undefined) return undefined;
  const holder = path.toReversed().reduce<Parts>((outer, tag) => readMessage(bytesOf(outer, tag)), parts);
  const wires = holder.get(last);
  if (!wires) return undefined;
  const { type } = field;
  if (type.startsWith('[')) return wires.map((wire) => readValue(wire, type.slice(1, -1), table));
  if (type.startsWith('{')) return readMap(wires, type.slice(1, -1), table);
  const value = readValue(wires.at(-1) ?? 0n, type, table, field.name);
  return isZero(value) && !field.pointer && !field.required && (!isObject(value) || field.always) ? undefined : value;
}

/** What the server's JSON leaves out of a field that is no pointer. */
const isZero = (value: Json): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  value === null ||
  (isObject(value) && Object.keys(value).length === 0);

function readMap(wires: readonly Wire[], type: string, table: TypeTable): JsonObject {
  const object: Draft = {};
  for (const wire of wires) {
    const entry = readMessage(asBytes(wire));
    object[bytesOf(entry, 1).toString('utf8')] = readValue(entry.get(2)?.at(-1) ?? Buffer.alloc(0), type, table);
  }
  return object;
}

const asBytes = (wire: Wire): Buffer => (typeof wire === 'bigint' ? Buffer.alloc(0) : wire);

function readValue(wire: Wire, type: string, table: TypeTable, name = ''): Json {
  if (isNamed(type)) return readType(readMessage(asBytes(wire)), type, table);
  const inner = (): Parts => readMessage(asBytes(wire));
  switch (type) {
    case 's':
      return asBytes(wire).toString('utf8');
    case 'B':
      return asBytes(wire).toString('base64');
    case 'b':
      return wire === 1n;
    case 'n':
      return asBytes(wire).length === 8 ? asBytes(wire).readDoubleLE() : 0;
    case 't':
      return readTime(inner(), false);
    case 'u':
      return readTime(inner(), true);
    case 'q':
      return bytesOf(inner(), 1).toString('utf8');
    case 'x':
      return numberOf(inner(), 1) === 1 ? bytesOf(inner(), 3).toString('utf8') : numberOf(inner(), 2);
    case '*':
    case '?':
      return readJson(bytesOf(inner(), 1));
    case '?schema':
      return readSchemaOr(inner(), name, table);
    default:
      return typeof wire === 'bigint' ? Number(BigInt.asIntN(64, wire)) : 0;
  }
}

function readTime(parts: Parts, micro: boolean): Json {
  const seconds = numberOf(parts, 1);
  if (seconds === 0) return null;
  const whole = timestamp(seconds * 1000);
  return micro ? whole.replace('Z', `.${String(Math.trunc(numberOf(parts, 2) / 1000)).padStart(6, '0')}Z`) : whole;
}

const readJson = (raw: Buffer): Json => (raw.length === 0 ? {} : parseJson(raw.toString('utf8')));

/** `additionalProperties` may be a boolean instead of a schema; `items` is the schema itself. */
function readSchemaOr(parts: Parts, name: string, table: TypeTable): Json {
  const tag = name === 'items' || name === 'dependencies' ? 1 : 2;
  const schema = parts.get(tag)?.at(-1);
  if (Buffer.isBuffer(schema)) return decodeMessage(schema, 'apiext.JSONSchemaProps', table);
  return numberOf(parts, 1) === 1;
}
