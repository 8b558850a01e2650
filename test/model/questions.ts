/** Reading a running pulso over HTTP: one document, or every page of a list. */

export type Answer = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  readonly truncated: boolean;
};

export async function ask(url: string, path: string): Promise<unknown> {
  const answer = await fetch(new URL(path, url));
  const body = await answer.text();
  if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status} ${body.slice(0, 300)}`);
  return JSON.parse(body);
}

export async function askPages(url: string, path: string): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  let cursor: string | null | undefined;
  do {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page = (await ask(url, `${path}?limit=1000${more}`)) as {
      items: Record<string, unknown>[];
      next_cursor?: string | null;
    };
    all.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return all;
}
