/** kill -9 at any moment: what was acknowledged is there, and nothing is half. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareData } from '../../../actors/backends/choose.ts';
import { EmbeddedLogSource } from '../../../actors/backends/event-log-embedded-source.ts';
import { EmbeddedStoreReader } from '../../../actors/backends/store-embedded-reader.ts';
import { readFrames } from '../../../protocol/frames.ts';
import { endBeforeFolder, folderFor } from '../../system/folder.ts';
import { lineThat, startChild } from './child-process.ts';
import { CRASH_TOPICS, crashConfig, recordOf, windowOf } from './crash-data.ts';

const KILLS = 6;

/** Every record of a topic-partition is the one that belongs at its offset; answers how many there are. */
async function checkLog(source: EmbeddedLogSource, topic: string, partition: number): Promise<number> {
  await source.seek([{ topic, partition, offset: 0 }]);
  const text = new TextDecoder();
  let offset = 0;
  for (let chunk = await source.take(1 << 20); chunk !== undefined; chunk = await source.take(1 << 20)) {
    assert.equal(chunk.base, offset);
    for (const { start, end } of readFrames(chunk.frames)) {
      assert.equal(text.decode(chunk.frames.subarray(start, end)), recordOf(offset++));
    }
  }
  return offset;
}

/** Both topics stand at one commit, with all of its parts and those of the commits before; answers its number. */
async function checkStore(reader: EmbeddedStoreReader): Promise<number> {
  const { states, windows } = await reader.snapshot(0, 1e9);
  const seq = states[0]?.seq as number;
  assert.deepEqual(
    states.map((state) => [state.seq, state.nextOffset]),
    [
      [seq, seq],
      [seq, seq],
    ],
  );
  assert.equal(windows.length, seq === 0 ? 0 : 4);
  for (const window of windows) {
    assert.equal(window.seq, seq);
    assert.deepEqual(window.packed, windowOf(seq));
  }
  const orders = await reader.orders({ from: 0, to: 1e9, limit: 1_000_000 });
  const dead = await reader.deadLetters({ limit: 1_000_000 });
  for (const topic of CRASH_TOPICS) {
    assert.equal(orders.items.filter((order) => order.topic === topic).length, seq);
    assert.equal(dead.items.filter((letter) => letter.topic === topic).length, seq);
  }
  return seq;
}

test('embedded backends keep all that was acknowledged, and nothing half, through kill -9', async (t) => {
  const folder = folderFor(t, 'crash');
  const config = crashConfig(folder);
  await prepareData({ ...config, data: config.dataDir });
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startChild(new URL('./crash-child.ts', import.meta.url), [folder]);
    endBeforeFolder(folder, () => child.kill());
    let acknowledged: number[] = [];
    let committed = 0;
    let lines = 0;
    // Uneven numbers of lines, so that the kill falls into appends and into commits.
    await lineThat(child, (line) => {
      const [kind, ...values] = line.split(' ');
      if (kind === 'log') acknowledged = values.map(Number);
      else committed = Number(values[0]);
      return ++lines === 3 + kill * 7;
    });
    await child.kill();

    const source = new EmbeddedLogSource(config);
    for (const [index, topic] of CRASH_TOPICS.entries()) {
      assert.ok((await checkLog(source, topic, 0)) >= (acknowledged[index] as number));
      await checkLog(source, topic, 1);
    }
    await source.close();
    const reader = new EmbeddedStoreReader(config);
    assert.ok((await checkStore(reader)) >= committed);
    assert.equal((await reader.partitions())[0]?.epoch, kill + 1);
    await reader.close();
  }
});
