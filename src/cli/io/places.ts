import { lineIndex, locate, shapeOf } from './locate.ts';
import type { LoadedObject, TextSource } from './object.ts';
import type { Slice } from './split.ts';

/** A place that an editor can jump to; line and column are 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds places when a finding needs one. Most never do, so nothing is computed while reading. */
export interface Places {
  readonly position: (source: TextSource, offset: number) => Place;
  readonly within: (
    document: { readonly source: TextSource; readonly slice: Slice },
    path: readonly (string | number)[],
    kind?: string,
  ) => Place;
  /** Where `path` of an object is written, or the nearest part of it that is. */
  readonly of: (object: LoadedObject, path: readonly (string | number)[]) => Place;
}

/** Line tables are kept per source, the shape of a document only until another is asked for. */
export function placesOf(): Places {
  const lines = new Map<TextSource, ReturnType<typeof lineIndex>>();
  let last: { readonly slice: Slice; readonly shape: ReturnType<typeof shapeOf> } | undefined;

  const position: Places['position'] = (source, offset) => {
    const known = lines.get(source);
    const index = known ?? lineIndex(source.text);
    if (!known) lines.set(source, index);
    return { file: source.file, ...index(offset) };
  };
  const within: Places['within'] = ({ source, slice }, path, kind = '') => {
    if (last?.slice !== slice) last = { slice, shape: shapeOf(source.text.slice(slice.start, slice.end)) };
    const offset = last.shape ? locate(last.shape, path, kind).offset : 0;
    return position(source, slice.start + offset);
  };
  return {
    position,
    within,
    of: (object, path) => within(object, [...object.inside, ...path], object.kind),
  };
}
