import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import { memberSchema, type Schema } from '../schema/schema.ts';

/** Integers of 32 bits as the server's converter of values leaves them: what does not fit wraps around. */
export function wrapIntegers(object: JsonObject, schema: Schema): JsonObject {
  const next = wrap(object, schema);
  return isObject(next) ? next : object;
}

function wrap(value: Json, schema: Schema): Json {
  if (typeof value === 'number')
    return schema.format === 'int32' && Number.isInteger(value) ? Number(BigInt.asIntN(32, BigInt(value))) : value;
  if (isList(value)) {
    const { items } = schema;
    return items ? value.map((item) => wrap(item, items)) : value;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const inner = memberSchema(schema, name);
      return [name, inner ? wrap(member, inner) : member] as const;
    }),
  );
}
