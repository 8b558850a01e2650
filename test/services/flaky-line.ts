/** A line to a server that can be cut, frozen, or made to lose answers: an outage that harms nobody else's server. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `lose-answers`: what is asked is done, but nobody hears of it; the line is cut instead of the answer. */
export type LineState = 'whole' | 'cut' | 'frozen' | 'lose-answers';

export class FlakyLine {
  readonly #server: Server;
  readonly #to: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  #state: LineState = 'whole';
  /** Answers that were thrown away. */
  lost = 0;

  private constructor(to: { host: string; port: number }) {
    this.#to = to;
    this.#server = createServer((near) => this.#connect(near));
  }

  static async to(uri: string): Promise<FlakyLine> {
    const { hostname, port } = new URL(uri);
    const line = new FlakyLine({ host: hostname, port: Number(port || 27017) });
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  /** The same address by way of this line. */
  through(uri: string): string {
    const url = new URL(uri);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  set(state: LineState): void {
    this.#state = state;
    for (const { near, far } of this.#pairs) {
      if (state === 'cut') {
        near.destroy();
        far.destroy();
      } else if (state === 'frozen') {
        near.pause();
        far.pause();
      } else {
        near.resume();
        far.resume();
      }
    }
  }

  /** Cuts what is open now; what is opened next is whole. */
  blink(): void {
    this.set('cut');
    this.set('whole');
  }

  async close(): Promise<void> {
    this.set('cut');
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connect(near: Socket): void {
    if (this.#state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(this.#to.port, this.#to.host);
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of [near, far]) socket.setNoDelay(true).on('error', end).on('close', end);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (this.#state !== 'lose-answers') near.write(bytes);
      else {
        this.lost++;
        end();
      }
    });
    if (this.#state === 'frozen') {
      near.pause();
      far.pause();
    }
  }
}
