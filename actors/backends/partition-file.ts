/**
 * The files `p<i>.db` of a folder, one a partition: made with their schema in one transaction, and refused when
 * they are of something else or of another number of partitions.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { SqliteFile } from './sqlite-file.ts';

export type Layout = {
  /** What the file holds: `pulso log 1`; another schema gets another number. */
  readonly format: string;
  readonly schema: string;
  /** What came later: brings a file of this format up to date, and does nothing where it is. */
  readonly extend?: (file: SqliteFile) => void;
  /** Tables of a topic, when the layout has some. */
  readonly topicSchema?: (topicId: number) => string;
};

export type PartitionFolder = {
  readonly folder: string;
  readonly partitions: number;
  readonly topics: readonly string[];
};

type Meta = { readonly format: string; readonly partition: number; readonly partitions: number };

const COMMON_SCHEMA = `
  CREATE TABLE meta (format TEXT NOT NULL, partition INTEGER NOT NULL, partitions INTEGER NOT NULL);
  CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);`;

/** One partition's file; `topics` gives each topic its number in this file. */
export type PartitionFile = {
  readonly partition: number;
  readonly file: SqliteFile;
  readonly topics: ReadonlyMap<string, number>;
};

/** The files of one folder. */
export class PartitionFiles {
  #where: PartitionFolder;
  #layout: Layout;

  constructor(where: PartitionFolder, layout: Layout) {
    this.#where = where;
    this.#layout = layout;
  }

  /** For its one writer; made when it is not there, and topics are added as they come. */
  openToWrite(partition: number): PartitionFile {
    const file = SqliteFile.openToWrite(this.#path(partition));
    return closedOnThrow([file], () => {
      file.transaction(() => {
        if (file.row('SELECT 1 FROM sqlite_schema') === undefined) this.#create(file, partition);
        this.#check(file, partition);
        this.#layout.extend?.(file);
        for (const topic of this.#where.topics) addTopic(file, this.#layout, topic);
      });
      return { partition, file, topics: topicsOf(file) };
    });
  }

  openToRead(partition: number): PartitionFile {
    const path = this.#path(partition);
    if (!existsSync(path)) throw new AppError('data-mismatch', `Cannot read ${path} as there is no such file`);
    const file = SqliteFile.openToRead(path);
    return closedOnThrow([file], () => {
      this.#check(file, partition);
      return { partition, file, topics: topicsOf(file) };
    });
  }

  openAllToWrite(): PartitionFile[] {
    return openAll(this.#partitions(), (partition) => this.openToWrite(partition));
  }

  openAllToRead(): PartitionFile[] {
    return openAll(this.#partitions(), (partition) => this.openToRead(partition));
  }

  /** Those that are there, to read: a folder may be new, or its making may have been cut off. */
  openFoundToRead(): PartitionFile[] {
    const found = this.#partitions().filter((partition) => existsSync(this.#path(partition)));
    return openAll(found, (partition) => this.openToRead(partition));
  }

  #partitions(): number[] {
    return Array.from({ length: this.#where.partitions }, (_, partition) => partition);
  }

  #path(partition: number): string {
    return join(this.#where.folder, `p${partition}.db`);
  }

  #create(file: SqliteFile, partition: number): void {
    file.execute(COMMON_SCHEMA + this.#layout.schema);
    file.run('INSERT INTO meta VALUES (?, ?, ?)', this.#layout.format, partition, this.#where.partitions);
  }

  #check(file: SqliteFile, partition: number): void {
    if (file.row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'") === undefined) {
      throw new AppError('data-mismatch', `Cannot use ${file.path} as it is not a file of pulso`);
    }
    const { format } = this.#layout;
    const { folder, partitions } = this.#where;
    const meta = file.row<Meta>('SELECT format, partition, partitions FROM meta');
    if (meta?.format !== format || meta.partition !== partition) {
      const found = meta === undefined ? 'nothing' : `"${meta.format}" of partition ${meta.partition}`;
      throw new AppError(
        'data-mismatch',
        `Cannot use ${file.path} as it must hold "${format}" of partition ${partition}: it holds ${found}`,
      );
    }
    if (meta.partitions !== partitions) {
      throw new AppError(
        'data-mismatch',
        `Cannot change the number of partitions of existing data: ${folder} was made with ${meta.partitions}, and PULSO_PARTITIONS is ${partitions}`,
        { field: 'partitions' },
      );
    }
  }
}

/** All of them, or none is left open. */
function openAll(partitions: readonly number[], open: (partition: number) => PartitionFile): PartitionFile[] {
  const files: PartitionFile[] = [];
  return closedOnThrow(files, () => {
    for (const partition of partitions) files.push(open(partition));
    return files;
  });
}

function addTopic(file: SqliteFile, layout: Layout, topic: string): void {
  if (file.run('INSERT INTO topic (name) VALUES (?) ON CONFLICT DO NOTHING', topic) === 0) return;
  const id = file.row<{ id: number }>('SELECT id FROM topic WHERE name = ?', topic)?.id as number;
  const schema = layout.topicSchema?.(id);
  if (schema !== undefined) file.execute(schema);
}

function topicsOf(file: SqliteFile): Map<string, number> {
  return new Map(
    file.rows<{ id: number; name: string }>('SELECT id, name FROM topic').map(({ id, name }) => [name, id]),
  );
}

function closedOnThrow<T>(files: readonly (SqliteFile | PartitionFile)[], work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    for (const file of files) ('file' in file ? file.file : file).close();
    throw thrown;
  }
}
