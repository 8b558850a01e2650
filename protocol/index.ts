/** The public names of the protocol, for those who use it from outside: producers, dashboards, other tools. */
export { type EventBatch, KIND, KIND_NAMES, NONE, TEXT, viewBatch } from './batch.ts';
export { channelHash, pathOf, segmentsOf } from './channel.ts';
export { type CommandBody, parseCommandBody, parseLanesBody } from './command.ts';
export { BatchDecoder, type Decoded } from './decode.ts';
export { dialectOf, readEvent } from './dialect.ts';
export { AppError, ERROR_CODES, type ErrorCode, fromWireError, toWireError, type WireError } from './errors.ts';
export {
  DEAD_REASONS,
  type DeadLetter,
  type DeadReason,
  EVENT_TYPES,
  type EventType,
  type Ledger,
  LIMITS,
  partitionKey,
  type TopicPartition,
} from './event.ts';
export { type Frame, FrameWriter, readFrames, stampFrames } from './frames.ts';
export {
  CHANNELS,
  type Changes,
  type Channel,
  type ChannelValue,
  type ClientFrame,
  parseClientFrame,
  parseServerFrame,
  type ServerFrame,
  WS_CLOSE,
  WS_PROTOCOL,
} from './frames-ws.ts';
export { fnv1a32, murmur2, murmur3, partitionOf } from './hash.ts';
export { type Line, LineSplitter, splitLines } from './lines.ts';
export type { EventRow, Reading } from './reading.ts';
export { type Route, route, TOPICS, topicOf } from './route.ts';
