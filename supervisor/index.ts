/** The public names of the supervisor, one by one. The worker's side is `supervisor/child.ts`. */

export {
  AUTO_SHUTDOWNS,
  type AutoShutdown,
  type BackoffSpec,
  type ChildSpec,
  checkSpecs,
  type LinkSpec,
  RESTART_TYPES,
  type RestartType,
  type Shutdown,
  STRATEGIES,
  type Strategy,
  type SupervisorSpec,
  type WorkerSpec,
} from './child-spec.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export type { Standing } from './context.ts';
export type { ControlClient, Inspection, Settings } from './control.ts';
export type { Level, Log, Report, SupervisorEvent, SupervisorEventKind } from './events.ts';
export type { ExitReason, Failure, Work } from './exit.ts';
export type { LastExit } from './history.ts';
export { balanceOf, type Incident, IncidentLog, type IncidentState, type RestartBalance } from './incidents.ts';
export { type CreditGrant, CreditWindow, Mailbox, type MailboxLimits } from './mailbox.ts';
export type { MemoryLimits } from './memory-guard.ts';
export { type BudgetUse, commandsOf, type Preview, type PreviewedCommand, previewOf } from './preview.ts';
export type { HandledMessage } from './recent.ts';
export type { Started } from './run.ts';
export { numberSetting, type Setting, type SettingTable } from './settings.ts';
export { type Spawner, type Thread, type ThreadEvents, threadSpawner } from './spawn.ts';
export type { ActorState, NodeStatus, TreeStatus } from './status.ts';
export type { Suspect } from './suspects.ts';
export {
  type Acceptance,
  type ChildCount,
  type ChildEntry,
  type Command,
  SupervisorTree,
  type TreeEnd,
  type TreeOptions,
} from './tree.ts';
export type { Peer } from './wire.ts';
