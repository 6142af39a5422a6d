/** What an erasure does not reach; told with each, so that nobody takes it for more than it is. */
export const UNREACHABLE: readonly { readonly what: string; readonly description: string }[] = [
  {
    what: 'other_entries',
    description: 'Other entries that say the same, such as those of the same trace_id: erase each of them.',
  },
  {
    what: 'leaf',
    description:
      'Ids, names and roles of agents, the types of operation and target, and the trace id: they are hashed into the log.',
  },
  {
    what: 'copies_of_removed',
    description:
      'Copies that approvals, the ledger, reservations and session roots keep of entries that retention has removed: an entry that is gone cannot be erased.',
  },
  { what: 'registry', description: 'What the registry, keys and the policy hold: change them there.' },
  {
    what: 'request_digests',
    description:
      'SHA-256 of requests with an Idempotency-Key or event_id, and the event_id, for 24 h after them.',
  },
  { what: 'answers', description: 'What clients were answered, and frames that the live stream has sent.' },
  { what: 'exports', description: 'What was exported or downloaded.' },
  { what: 'sinks', description: 'What was passed on to other systems, such as webhooks and syslog.' },
  { what: 'backups', description: 'Backups, snapshots and replicas of the store, and its archived logs.' },
  { what: 'logs', description: 'Log files of this service, of proxies and of the hooks.' },
  {
    what: 'freed_space',
    description:
      'Bytes that the database or the disk freed before: until VACUUM, and longer on disks that move what they write.',
  },
  { what: 'memory', description: 'Memory of running processes, until it is used for something else.' },
];
