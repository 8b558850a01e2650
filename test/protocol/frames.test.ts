import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FRAME_HEADER_BYTES, FrameWriter, readFrames, stampFrames } from '../../protocol/frames.ts';

const contents = (frames: Uint8Array) =>
  [...readFrames(frames)].map(({ start, end, at }) => ({ bytes: [...frames.subarray(start, end)], at }));

test('frames come back as they were written, through all growth of the buffer', () => {
  const records = fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(4e12)), { maxLength: 30 });
  fc.assert(
    fc.property(records, (written) => {
      const writer = new FrameWriter(16);
      for (const [bytes, at] of written) writer.add(bytes, at);
      assert.equal(writer.count, written.length);
      assert.equal(
        writer.byteLength,
        written.reduce((sum, [bytes]) => sum + bytes.length + FRAME_HEADER_BYTES, 0),
      );
      const frames = writer.take();
      assert.deepEqual(
        contents(frames),
        written.map(([bytes, at]) => ({ bytes: [...bytes], at })),
      );
      assert.deepEqual([writer.count, writer.byteLength], [0, 0]);
    }),
  );
});

test('stampFrames gives a time to the records that have none, and only to those', () => {
  const writer = new FrameWriter();
  for (const at of [0, 5, 0]) writer.add(Uint8Array.of(1, 2, 3), at);
  const frames = writer.take();
  assert.equal(stampFrames(frames, 99), 3);
  assert.deepEqual(
    contents(frames).map(({ at }) => at),
    [99, 5, 99],
  );
});

test('frames are read from the middle of a larger buffer', () => {
  const writer = new FrameWriter();
  writer.add(Uint8Array.of(7), 1);
  const alone = writer.take();
  const within = new Uint8Array([9, 9, 9, ...alone]).subarray(3);
  assert.deepEqual(contents(within), [{ bytes: [7], at: 1 }]);
  assert.equal(stampFrames(within, 5), 1);
});
