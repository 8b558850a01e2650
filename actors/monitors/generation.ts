/** generation-monitor: judges what the generator reports once a second, and tells the gateway what it finds. */
import type { MessagePort } from 'node:worker_threads';
import type { GenerationReport } from '../../protocol/message.ts';
import { runChild } from '../../supervisor/child.ts';
import { GenerationHealth } from './generation-core.ts';

export type HealthInput = Readonly<Record<string, never>>;

const JUDGE_MS = 1_000;

runChild<HealthInput>((child) => {
  const health = new GenerationHealth();
  let gateway: MessagePort | undefined;
  child.onLink('health', (port) => {
    port.on('message', (report: GenerationReport) =>
      child.handle(() => {
        health.report(report);
        child.meter.handled();
      }, report.type),
    );
  });
  child.onLink('findings', (port) => {
    gateway = port;
  });
  const judge = () => {
    const finding = health.judge(Date.now());
    if (finding !== undefined) gateway?.postMessage(finding);
  };
  const timer = setInterval(() => child.handle(judge), JUDGE_MS);
  child.onControl({ inspect: () => ({ judged: health.judge(Date.now()) ?? null }) });
  child.onStop(() => clearInterval(timer));
  child.ready();
});
