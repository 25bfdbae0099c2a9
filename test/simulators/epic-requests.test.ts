import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hospital, placer, srm, type Placer, type Received } from './clinic.ts';
import { epicSite, type Site } from './epic-site.ts';
import { list, text, until, type Cleanup } from './practice.ts';

async function licensed(t: Cleanup): Promise<{ site: Site; received: Received[]; ask: Placer['ask'] }> {
  const { port, received } = await hospital(t, () => 'AA');
  const site = await epicSite(t, { requests: { port: 0 } });
  await site.act('set-target', { host: '127.0.0.1', port });
  return { site, received, ask: (await placer(t, site)).ask };
}

const WANTED = { placer: 'hub-1', mrn: '203711', type: '410', who: '3301', start: '20261201090000' };

test('SRM^S01 books what a template leaves free: SRR AA with the CSN, and an S12 of it', async (t) => {
  const { site, received, ask } = await licensed(t);
  const answer = await ask(srm('S01', WANTED));
  const csn = answer!.segment('SCH')[2];
  assert.deepEqual([answer!.event, answer!.segment('MSA')[1]], ['SRR^S01', 'AA']);
  await until(() => received.length === 1);
  assert.deepEqual([received[0]!.event, received[0]!.segment('SCH').slice(1, 3)], ['SIU^S12', ['hub-1', csn]]);
  const [row] = list(await site.state('appointments'));
  assert.deepEqual([text(row!['csn']), text(row!['start'])], [csn, '2026-12-01T15:00:00.000Z']);
});

test('a taken time, an unknown patient, visit type or practitioner is SRR AE and books nothing', async (t) => {
  const { site, ask } = await licensed(t);
  await ask(srm('S01', WANTED));
  for (const wrong of [{}, { mrn: '999' }, { type: '999' }, { who: '999' }, { start: '20261201130000' }]) {
    const answer = await ask(srm('S01', { ...WANTED, ...wrong }));
    assert.equal(answer!.segment('MSA')[1], 'AE', JSON.stringify(wrong));
    assert.notEqual(answer!.segment('ERR')[1], undefined);
  }
  assert.equal(list(await site.state('appointments')).length, 1);
});

test('S02 moves by CSN, also over its own time, S03 changes the note, S04 cancels by the placer’s id', async (t) => {
  const { site, received, ask } = await licensed(t);
  const filler = (await ask(srm('S01', WANTED)))!.segment('SCH')[2]!;
  const moved = await ask(srm('S02', { filler, who: '3301', start: '20261201092000' }));
  assert.equal(moved!.segment('SCH')[11], '^^^202612010920');
  await ask(srm('S03', { filler, note: 'longer' }));
  const ended = await ask(srm('S04', { placer: 'hub-1', reason: 'PATIENT' }));
  assert.equal(ended!.segment('MSA')[1], 'AA');
  assert.equal((await ask(srm('S04', { filler })))!.segment('MSA')[1], 'AE');
  await until(() => received.length === 4);
  assert.deepEqual(
    received.map((one) => one.event),
    ['SIU^S12', 'SIU^S13', 'SIU^S14', 'SIU^S15'],
  );
  const [row] = list(await site.state('appointments'));
  assert.deepEqual([text(row!['status']), text(row!['note'])], ['cancelled', 'longer']);
});

test('the same request again is answered in the same words, also when the first answer was lost', async (t) => {
  const { site, ask } = await licensed(t);
  const question = srm('S01', WANTED);
  await site.faults({ dropAnswer: { times: 1 } });
  assert.equal(await ask(question), null);
  const second = await ask(question);
  assert.equal(second!.segment('MSA')[1], 'AA');
  assert.equal((await ask(question))!.text, second!.text);
  assert.equal(list(await site.state('appointments')).length, 1);
});

test('other events are AR; under echoFirst the S12 is there before the answer', async (t) => {
  const { site, received, ask } = await licensed(t);
  assert.equal((await ask(srm('S06', WANTED)))!.segment('MSA')[1], 'AR');
  await site.faults({ echoFirst: true });
  await ask(srm('S01', WANTED));
  assert.equal(received.length, 1);
});

test('a site that does not license the interface has no port for it', async (t) => {
  const site = await epicSite(t);
  assert.equal(await site.state('requests'), null);
});
