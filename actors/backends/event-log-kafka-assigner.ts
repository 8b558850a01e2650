/** The sticky assignment as kafkajs asks for it. What a member had travels in its metadata when it joins. */
import type { PartitionAssigner } from 'kafkajs';
import { assignSticky, type GroupMember, spread } from './event-log-kafka-sticky.ts';
import { AssignerProtocol } from './kafka-client.ts';

export type Held = { readonly owned: readonly number[]; readonly since: number };

const NAME = 'pulso-sticky';
const VERSION = 0;
const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** `held` is asked each time this member joins. */
export function stickyAssigner(held: () => Held): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(held())) }),
    }),
    async assign({ members, topics }) {
      const counts = new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
      const given = assignSticky(members.map(memberOf), [...counts.values()]);
      return [...given].map(([memberId, indices]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          assignment: spread(indices, counts),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

function memberOf({ memberId, memberMetadata }: { memberId: string; memberMetadata: Buffer }): GroupMember {
  return { id: memberId, ...heldOf(MemberMetadata.decode(memberMetadata)?.userData) };
}

/** A member that says nothing that can be read had nothing. */
function heldOf(userData: Buffer | undefined): Held {
  try {
    const { owned, since } = JSON.parse(String(userData)) as { owned?: unknown; since?: unknown };
    if (!Array.isArray(owned) || typeof since !== 'number') return { owned: [], since: 0 };
    return { owned: owned.filter((index) => typeof index === 'number'), since };
  } catch {
    return { owned: [], since: 0 };
  }
}
