import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pages, readPage, root } from './page.ts';

for (const page of pages) {
  test(`${page}: every link leads somewhere`, () => {
    for (const [, target = ''] of withoutBlocks(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(root, page) : join(root, dirname(page), path);
      assert.ok(existsSync(file), `${page}: ${target}`);
      if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${page}: ${target}`);
    }
  });
}

test('the index of docs lists every page', () => {
  const index = readPage('docs/README.md');
  for (const page of pages.filter((each) => each.startsWith('docs/') && each !== 'docs/README.md')) {
    assert.ok(index.includes(`(${page.slice('docs/'.length)})`), page);
  }
});

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^\s*```[\s\S]*?^\s*```/gm, '');
}

/** Anchors as GitHub makes them from headings. */
function anchorsOf(file: string): Set<string> {
  const headings = withoutBlocks(readFileSync(file, 'utf8')).matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}
