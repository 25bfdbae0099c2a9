import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { folder, HUB, NORTH } from './folder.ts';

const SECRET = 'inline-north-key';

/** A sound file with pieces cut out, doubled and replaced: what a text looks like in the middle of being edited. */
const edited = (text: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.nat(text.length),
        fc.nat(12),
        fc.constantFrom('', ':', ' ', '\n', '[', '{', "'", '*', '&', '- ', '7', '${', '\t'),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((edits) =>
      edits.reduce((now, [at, length, piece]) => now.slice(0, at) + piece + now.slice(at + length), text),
    );

test('whatever a file holds is a plan or issues with a line that the file has, never a throw, never a secret', async () => {
  await using config = await folder();
  const files = fc.record({ hub: edited(HUB), site: fc.oneof(edited(NORTH), fc.string({ unit: 'binary' })) });
  await fc.assert(
    fc.asyncProperty(files, async ({ hub, site }) => {
      await config.put({ 'hub.yaml': hub, 'sites/north.yaml': site });
      const { plan, issues } = await config.plan();
      assert.equal(plan === null, issues.length > 0);
      for (const issue of issues) {
        const text = issue.file.endsWith('hub.yaml') ? hub : site;
        assert.ok(issue.line >= 1 && issue.line <= text.split(/\r\n|\r|\n/).length + 1, JSON.stringify(issue));
        assert.ok(!(issue.problem + issue.write).includes(SECRET), JSON.stringify(issue));
      }
    }),
    { numRuns: 300 },
  );
});
