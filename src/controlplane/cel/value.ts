import { type CelInput, type CelResult, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { isList, isObject, type Json } from '../json.ts';
import { ANYTHING, memberSchema, type Schema } from '../schema/schema.ts';
import { celName } from './name.ts';

/** Turns JSON into the values that rules compute with: an integer is a bigint, or `replicas * 2` has no overload. */
export type ToCel = (value: Json, schema: Schema) => CelInput;

export function createToCel(): ToCel {
  const env = celEnv();
  const timestamp = plan(env, parse('timestamp(text)'));
  const duration = plan(env, parse('duration(text)'));
  const bytes = plan(env, parse('bytes(text)'));
  const special = (make: (bindings: Record<string, CelInput>) => CelResult, text: string): CelInput => {
    const made = make({ text });
    return isCelError(made) ? text : made;
  };

  const convert: ToCel = (value, schema) => {
    if (isList(value)) return value.map((item) => convert(item, schema.items ?? ANYTHING));
    if (isObject(value)) return convertObject(value, schema);
    if (typeof value === 'number') {
      return schema.type === 'number' || !Number.isInteger(value) ? value : BigInt(value);
    }
    if (typeof value !== 'string') return value;
    if (schema.format === 'date-time') return special(timestamp, value);
    if (schema.format === 'duration') return special(duration, value);
    if (schema.format === 'byte') return special(bytes, Buffer.from(value, 'base64').toString('latin1'));
    return value;
  };
  const convertObject = (value: { readonly [key: string]: Json }, schema: Schema): CelInput => {
    const members = new Map<string, CelInput>();
    for (const [name, member] of Object.entries(value)) {
      const isMap = schema.additional !== undefined && !schema.properties.has(name);
      const key = isMap ? name : celName(name);
      if (key !== undefined) members.set(key, convert(member, memberSchema(schema, name) ?? ANYTHING));
    }
    return members;
  };
  return convert;
}
