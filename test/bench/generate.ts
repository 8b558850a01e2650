/** What making events costs: as NDJSON, as frames for the log, and the demo's whole fill. Fixed seed; CPU time of this process. */
import { demoOptions } from '../../actors/generator/demo.ts';
import { generateTo } from '../../actors/generator/generate.ts';
import { createGenerator } from '../../actors/generator/generator.ts';
import { FrameSink } from '../../actors/generator/sinks.ts';
import { type Figure, perCpuSecond } from './figures.ts';

const EVENTS = 2_000_000;
const CHUNK_EVENTS = 5_000;
const NOW = Date.UTC(2026, 10, 20, 18, 30);
const ORDER_START = new TextEncoder().encode('{"type":"order"');

export async function benchGenerate(): Promise<Figure[]> {
  const orderShare = await countOrders(200_000);
  await writeLines(EVENTS / 10);
  const lines = await perCpuSecond(() => writeLines(EVENTS));
  const frames = await perCpuSecond(() => writeFrames(EVENTS));
  const started = performance.now();
  createGenerator({ seed: 2 });
  const startMs = performance.now() - started;
  const fills = await perCpuSecond(() => fillDemo());
  return [
    { name: 'generate, orders in NDJSON', value: lines * orderShare, unit: 'orders per CPU-second' },
    { name: 'generate, events in NDJSON', value: lines, unit: 'events per CPU-second' },
    { name: 'generate, events in frames', value: frames, unit: 'events per CPU-second' },
    { name: 'generate, start', value: startMs, unit: 'ms' },
    { name: 'generate, 49 hours of the demo', value: 1 / fills, unit: 'CPU-seconds' },
  ];
}

async function writeLines(count: number): Promise<number> {
  const { written } = await generateTo({ count, seed: 1, sink: { write: () => {} } });
  return written;
}

/** Share of the orders among the events. */
async function countOrders(count: number): Promise<number> {
  let orders = 0;
  const write = (lines: Uint8Array) => {
    for (let at = 0; at < lines.length; at = lines.indexOf(10, at) + 1)
      if (ORDER_START.every((byte, place) => lines[at + place] === byte)) orders++;
  };
  await generateTo({ count, seed: 1, sink: { write } });
  return orders / count;
}

function writeFrames(count: number): number {
  const stream = createGenerator({ seed: 1, eventsPerSecond: 5000, shape: 'flat' });
  const sink = new FrameSink(4);
  let written = 0;
  while (written < count) {
    written += stream.next(Number.POSITIVE_INFINITY, CHUNK_EVENTS, sink);
    sink.take();
  }
  return written;
}

function fillDemo(): number {
  const stream = createGenerator(demoOptions(NOW));
  const sink = new FrameSink(4);
  while (stream.next(NOW, CHUNK_EVENTS, sink) > 0) sink.take();
  return 1;
}
