/** The totals of the `overview` channel, frame by frame, over all restarts of the gateway. */
import { parseServerFrame } from '../../../protocol/frames-ws.ts';

const RETRY_MS = 100;

/** A connection after the other until it is closed; what each one heard before is forgotten with it. */
export class TotalsWatch {
  readonly #url: URL;
  readonly #heard: (epoch: string, values: ReadonlyMap<string, unknown>) => void;
  #socket: WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(url: URL, heard: (epoch: string, values: ReadonlyMap<string, unknown>) => void) {
    this.#url = url;
    this.#heard = heard;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #connect(): void {
    const totals = new Totals();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => socket.send(JSON.stringify({ t: 'sub', ch: 'overview' })));
    socket.addEventListener('message', ({ data }) => {
      if (totals.receive(String(data))) this.#heard(totals.epoch, totals.values);
    });
    socket.addEventListener('close', () => {
      if (!this.#closed) this.#retry = setTimeout(() => this.#connect(), RETRY_MS);
    });
    // Whoever cannot be reached closes too.
    socket.addEventListener('error', () => {});
  }
}

/** What one connection has heard. */
export class Totals {
  epoch = '';
  readonly values = new Map<string, unknown>();

  /** True when there is something new. */
  receive(text: string): boolean {
    const frame = parseServerFrame(text);
    if (frame.t === 'hello') this.epoch = frame.epoch;
    if (frame.t !== 'snap' && frame.t !== 'd') return false;
    if (frame.t === 'snap') this.values.clear();
    for (let at = 0; at < frame.d.length; at += 2) this.values.set(frame.d[at] as string, frame.d[at + 1]);
    return true;
  }
}
