/** The rates that a stream's options ask for at each moment, anomalies included. */
import { type Curve, clickCurve, flatCurve, orderCurve, rampAt, restlessness } from './curve.ts';
import { ANOMALY_STRENGTH, type AnomalyKind, type GeneratorOptions } from './options.ts';
import { SESSION } from './profile-clicks.ts';
import { hashText } from './random.ts';

/** Orders per second. */
export function orderRate(options: GeneratorOptions): Curve {
  const shape = options.shape === 'flat' ? flatCurve : orderCurve(options.quietFloor);
  const mood = options.restless ? restlessness(hashText(`${options.seed} orders`)) : flatCurve;
  const lost = strengthAt(options, 'order-drop');
  return (time) => options.ordersPerSecond * shape(time) * mood(time) * (1 - lost(time));
}

/** Visits per second. */
export function clickRate(options: GeneratorOptions): Curve {
  const shape = options.shape === 'flat' ? flatCurve : clickCurve(options.quietFloor);
  const mood = options.restless ? restlessness(hashText(`${options.seed} clicks`)) : flatCurve;
  const { clickRamp } = options;
  const perSecond = options.clicksPerSecond / SESSION.events;
  return (time) => perSecond * shape(time) * mood(time) * (clickRamp ? rampAt(clickRamp, time) : 1);
}

/** Refunds on top of the usual, per order. */
export function extraRefunds(options: GeneratorOptions): Curve {
  return strengthAt(options, 'refund-spike');
}

/** Share of card payments that fail, 0 in usual times. */
export function paymentSurge(options: GeneratorOptions): Curve {
  return strengthAt(options, 'payment-surge');
}

function strengthAt(options: GeneratorOptions, kind: AnomalyKind): Curve {
  const spans = options.anomalies
    .filter((anomaly) => anomaly.kind === kind)
    .map(({ start, durationMs, strength }) => ({
      start,
      end: start + durationMs,
      strength: strength ?? ANOMALY_STRENGTH[kind],
    }));
  if (spans.length === 0) return () => 0;
  return (time) => spans.find(({ start, end }) => time >= start && time < end)?.strength ?? 0;
}
