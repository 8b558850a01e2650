/** What is used of the package `webhdfs`, which brings no types. */
declare module 'webhdfs' {
  import type { Agent } from 'node:http';
  import type { Writable } from 'node:stream';

  export type Callback = (error?: Error | null) => void;
  export type Request = { abort(): void };

  export type Client = {
    createWriteStream(path: string, append: boolean, options: Record<string, unknown>): Writable & Request;
    mkdir(path: string, mode: string, callback: Callback): Request;
    rename(path: string, destination: string, callback: Callback): Request;
    unlink(path: string, recursive: boolean, callback: Callback): Request;
  };

  const WebHDFS: {
    createClient(
      options: { protocol: string; host: string; port: number; path: string; user: string },
      request: { timeout: number; proxy: null; agent: Agent },
    ): Client;
  };
  export default WebHDFS;
}
