/** The server's side of one page: what it subscribed to, where it stands, and the frames it sent. */
import type { WebSocket } from 'ws';
import { type Channel, type ClientFrame, parseClientFrame, type ServerFrame } from '../../protocol/frames-ws.ts';
import type { FixtureStream } from './ui-channels.ts';

export class Client {
  /** Frames the page sent, oldest first. */
  readonly frames: ClientFrame[] = [];
  readonly #socket: WebSocket;
  readonly #stream: FixtureStream;
  readonly #epoch: string;
  readonly #silent: () => boolean;
  readonly #positions = new Map<Channel, number>();

  constructor(socket: WebSocket, stream: FixtureStream, epoch: string, silent: () => boolean) {
    this.#socket = socket;
    this.#stream = stream;
    this.#epoch = epoch;
    this.#silent = silent;
    socket.on('message', (data) => this.#hear(parseClientFrame(String(data))));
    this.#send({ t: 'hello', proto: 1, epoch, server_time: Date.now(), tick_ms: 50 });
  }

  update(): void {
    for (const [name, seq] of this.#positions) {
      const { seq: now } = this.#stream.channel(name);
      if (seq === now || this.#silent()) continue;
      this.#send(this.#stream.delta(name, seq));
      this.#positions.set(name, now);
    }
  }

  beat(withHashes: boolean): void {
    const channels: Record<string, { seq: number; hash?: string }> = {};
    for (const [name, seq] of this.#positions) {
      channels[name] = withHashes ? { seq, hash: this.#stream.channel(name).hash() } : { seq };
    }
    this.#send({ t: 'hb', server_time: Date.now(), as_of: this.#stream.watermark, channels });
  }

  lie(name: Channel, key: string, value: number): void {
    const seq = this.#positions.get(name);
    const watermark = this.#stream.watermark;
    if (seq !== undefined)
      this.#send({ t: 'd', ch: name, from: seq, to: seq + 1, as_of: watermark, watermark, d: [key, value] });
    // The truth has the same number now, so only the hash can tell the two apart.
    this.#stream.channel(name).seq += 1;
    if (seq !== undefined) this.#positions.set(name, seq + 1);
  }

  cut(): void {
    this.#socket.terminate();
  }

  #hear(frame: ClientFrame): void {
    this.frames.push(frame);
    if (frame.t === 'unsub') this.#positions.delete(frame.ch);
    if (frame.t !== 'sub') return;
    const { seq } = this.#stream.channel(frame.ch);
    const resumes = frame.epoch === this.#epoch && frame.seq !== undefined && frame.seq <= seq;
    this.#send(resumes ? this.#stream.delta(frame.ch, frame.seq as number) : this.#stream.snapshot(frame.ch));
    this.#positions.set(frame.ch, seq);
  }

  #send(frame: ServerFrame): void {
    if (!this.#silent()) this.#socket.send(JSON.stringify(frame));
  }
}
