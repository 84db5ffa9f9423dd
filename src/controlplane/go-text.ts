// Values as Go prints them: the server's errors hold them.
import { isList, isObject, type Json } from './json.ts';

/** `%v`: without types. */
export function plainGo(value: Json): string {
  if (value === null) return '<nil>';
  if (isList(value)) return `[${value.map(plainGo).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const members = Object.entries(value).map(([name, member]) => `${name}:${plainGo(member)}`);
  return `map[${members.join(' ')}]`;
}

/** `%#v`: as Go would write it. */
export function literal(value: Json): string {
  if (value === null) return 'interface {}(nil)';
  if (isList(value)) return `[]interface {}{${value.map(literal).join(', ')}}`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${literal(member)}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}

/** `%T`: the type of a decoded value. */
export function goType(value: Json): string {
  if (value === null) return '<nil>';
  if (isList(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
