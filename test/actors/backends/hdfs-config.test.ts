import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { hdfsConfig } from '../../../actors/backends/hdfs-config.ts';

test('HDFS and Hive are unset without their addresses', () => {
  assert.deepEqual(hdfsConfig({}, 'pulso'), {});
  assert.deepEqual(hdfsConfig({ hdfsUser: 'shop', hdfsUrl: 'hdfs://n:8020' }, 'pulso'), {});
});

test('HDFS has standards for folder, user and the address that other tools use', () => {
  const { webhdfs, hive } = hdfsConfig({ webhdfsUrl: 'http://namenode:9870' }, 'pulso');
  assert.equal(webhdfs?.url, 'http://namenode:9870/webhdfs/v1');
  assert.equal(webhdfs?.root, '/pulso');
  assert.equal(webhdfs?.hdfsUrl, 'hdfs://namenode:8020');
  assert.equal(webhdfs?.user, userInfo().username);
  assert.equal(hive, undefined);
});

test('HDFS takes folder, user and the address of other tools as they are set', () => {
  for (const webhdfsUrl of ['https://n:9871/shop/archive', 'https://n:9871/webhdfs/v1/shop/archive/']) {
    const settings = { webhdfsUrl, hdfsUser: 'shop', hdfsUrl: 'hdfs://cluster/', hiveMetastore: 'thrift://[::1]' };
    const { webhdfs, hive } = hdfsConfig(settings, 'pulso');
    assert.equal(webhdfs?.url, 'https://n:9871/webhdfs/v1');
    assert.equal(webhdfs?.root, '/shop/archive');
    assert.equal(webhdfs?.user, 'shop');
    assert.equal(hive?.location, 'hdfs://cluster/shop/archive');
    assert.deepEqual([hive?.host, hive?.port, hive?.database], ['::1', 9083, 'pulso']);
  }
});

test('every other group has a folder and a database of its own', () => {
  const settings = { webhdfsUrl: 'http://n:9870', hiveMetastore: 'thrift://h:9084' };
  const { webhdfs, hive } = hdfsConfig(settings, 'Blue.Green-2');
  assert.equal(webhdfs?.root, '/pulso/groups/Blue.Green-2');
  assert.equal(hive?.location, 'hdfs://n:8020/pulso/groups/Blue.Green-2');
  assert.deepEqual([hive?.host, hive?.port, hive?.database], ['h', 9084, 'pulso_blue_green_2']);
});
