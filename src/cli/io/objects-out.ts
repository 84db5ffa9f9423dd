import { yamlPrinter } from './yaml.ts';

export type ObjectFormat = 'yaml' | 'json';

/** How many characters are gathered before they are written. */
const CHUNK = 1 << 20;

/**
 * Writes objects as YAML documents, or as one JSON `List`. Written in pieces, since 100,000 objects would be longer
 * than a string may be.
 */
export function writeObjects(objects: Iterable<unknown>, format: ObjectFormat, write: (text: string) => void): void {
  let pending = format === 'json' ? '{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [' : '';
  let first = true;
  const print = yamlPrinter();
  for (const object of objects) {
    if (format === 'yaml') pending += `---\n${print(object)}`;
    else pending += `${first ? '' : ','}\n    ${JSON.stringify(object, undefined, 2).replaceAll('\n', '\n    ')}`;
    first = false;
    if (pending.length > CHUNK) {
      write(pending);
      pending = '';
    }
  }
  if (format === 'json') pending += first ? ']\n}\n' : '\n  ]\n}\n';
  if (pending !== '') write(pending);
}
