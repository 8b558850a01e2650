/** Spark SQL on the tables that a Hive Metastore knows: asked by PySpark, where there is one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export type SparkRow = readonly (string | null)[];

const LIMIT_MS = 300_000;
const SCRIPT = `
import json, os
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master('local[1]')
    .config('spark.ui.enabled', 'false')
    .config('spark.sql.session.timeZone', 'UTC')
    .config('spark.sql.warehouse.dir', os.getcwd())
    .config('spark.hadoop.hive.metastore.uris', os.environ['HIVE_METASTORE'])
    .config('spark.hadoop.dfs.client.use.datanode.hostname', 'true')
    .enableHiveSupport().getOrCreate())
answers = [[list(row) for row in spark.sql(query).collect()] for query in json.loads(os.environ['QUERIES'])]
print('ANSWERS ' + json.dumps(answers))
`;

/** The Python that has PySpark: TEST_SPARK_PYTHON, else the usual one. */
const python = process.env.TEST_SPARK_PYTHON || 'python3';
const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';

/** Why Spark cannot be asked here, false where it can. */
export function sparkMissing(): string | false {
  const versions = spawnSync(python, ['-c', 'import pyspark; print(pyspark.__version__)'], { encoding: 'utf8' });
  if (versions.status !== 0) return `${python} has no pyspark (TEST_SPARK_PYTHON names another one)`;
  return spawnSync(java, ['-version']).status === 0 ? false : 'Spark needs Java, which is not here';
}

/** The rows of each query; values as Spark writes them. */
export function askSpark(metastore: string, queries: readonly string[]): SparkRow[][] {
  const folder = mkdtempSync(join(tmpdir(), 'pulso-spark-'));
  try {
    const { stdout, stderr, status } = spawnSync(python, ['-c', SCRIPT], {
      cwd: folder,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 1e8,
      env: {
        ...process.env,
        HADOOP_USER_NAME: userInfo().username,
        HIVE_METASTORE: metastore,
        QUERIES: JSON.stringify(queries),
      },
    });
    const found = /^ANSWERS (.*)$/m.exec(stdout)?.[1];
    if (status !== 0 || found === undefined) throw new Error(`Spark ended with ${status}: ${stderr.slice(-3000)}`);
    return JSON.parse(found);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
