/** Puts a stream together: options checked and completed, names made. */
import { type GeneratorState, OrderStream } from './core.ts';
import { fakerNames } from './names.ts';
import { completeOptions, type RateOptions } from './options.ts';

/**
 * A new stream.
 * @example
 * const stream = createGenerator({ seed: 42, eventsPerSecond: 500, shape: 'flat', startAt: Date.now() });
 * const sink = new FrameSink(4);
 * stream.next(Date.now(), 10_000, sink);
 * port.postMessage({ type: 'append', id, appends: sink.take() });
 */
export function createGenerator(options: RateOptions): OrderStream {
  const complete = completeOptions(options);
  return new OrderStream(complete, fakerNames(complete.seed));
}

/**
 * The same stream after a restart: it goes on behind the last event of the state. `changes` (another rate, a later
 * start, anomalies) hold from there on; order ids never repeat.
 */
export function resumeGenerator(state: GeneratorState, changes: RateOptions = {}): OrderStream {
  const { slotMs, ...kept } = state.options;
  const sameRates = changes.eventsPerSecond === undefined && changes.ordersPerSecond === undefined;
  const base = changes.eventsPerSecond === undefined ? kept : withoutRates(kept);
  const options = completeOptions({ ...base, ...(sameRates ? { slotMs } : {}), ...changes });
  return new OrderStream(options, fakerNames(options.seed), state);
}

function withoutRates(options: RateOptions): RateOptions {
  const { ordersPerSecond: _orders, clicksPerSecond: _clicks, ...rest } = options;
  return rest;
}
