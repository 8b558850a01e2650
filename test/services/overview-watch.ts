/** Watches the `overview` channel of a process over all its restarts: no total may fall while the epoch stays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelClient } from '../actors/gateway/client.ts';

const RETRY_MS = 50;

export class OverviewWatch {
  /** What fell, in words. */
  readonly falls: string[] = [];
  frames = 0;
  #highest = new Map<string, number>();
  #epoch: string | undefined;
  #url: () => string;
  #closed = false;
  #socket: WebSocket | undefined;
  #run: Promise<void>;

  /** `url` is asked anew for every connection. */
  constructor(url: () => string) {
    this.#url = url;
    this.#run = this.#watch();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#socket?.close();
    await this.#run;
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      await this.#connect();
      await sleep(RETRY_MS);
    }
  }

  #connect(): Promise<void> {
    const client = new ModelClient();
    const socket = new WebSocket(new URL('/ws', this.#url().replace(/^http/, 'ws')));
    this.#socket = socket;
    socket.addEventListener('open', () => socket.send(JSON.stringify({ t: 'sub', ch: 'overview' })));
    socket.addEventListener('message', ({ data }) => {
      client.receive(String(data));
      client.frames.length = 0;
      this.frames++;
      if (client.epoch !== this.#epoch) this.#highest.clear();
      this.#epoch = client.epoch;
      for (const [key, value] of client.channels.get('overview')?.values ?? []) {
        if (!key.startsWith('total/')) continue;
        const before = this.#highest.get(key) ?? 0;
        if ((value as number) < before) this.falls.push(`${key} fell from ${before} to ${value}`);
        this.#highest.set(key, value as number);
      }
    });
    return new Promise((resolve) => {
      socket.addEventListener('close', () => resolve());
      socket.addEventListener('error', () => resolve());
    });
  }
}
