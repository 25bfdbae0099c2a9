/**
 * Named events: each makes one log line and one metric. Levels say what the operator must do: error: act now; warn:
 * look today; info: something rare happened; debug: normal operation. No field may hold a name, birth date, phone
 * number or message body: fields are ids, codes, counts and durations (test/stories feeds the fixtures through and
 * searches the log).
 */
interface EventSpec {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly metric: {
    readonly name: string;
    readonly help: string;
    readonly labels: readonly string[];
    /** The field that a histogram observes, in milliseconds; absent: a counter. */
    readonly observe?: string;
    /** The field that a counter adds; absent: 1. */
    readonly add?: string;
  };
}

export const EVENTS = {
  MessagesReceived: {
    level: 'debug',
    text: 'messages stored',
    metric: {
      name: 'slotwire_messages_received_total',
      help: 'Messages stored, by site and way in',
      labels: ['site', 'via'],
      add: 'inserted',
    },
  },
  MessagesRepeated: {
    level: 'debug',
    text: 'messages known already',
    metric: {
      name: 'slotwire_messages_repeated_total',
      help: 'Messages that were duplicates or unchanged',
      labels: ['site', 'via'],
      add: 'repeated',
    },
  },
  MessageApplied: {
    level: 'debug',
    text: 'message done',
    metric: {
      name: 'slotwire_apply_seconds',
      help: 'From received to done',
      labels: ['site', 'status'],
      observe: 'waited_ms',
    },
  },
  MessageParked: {
    level: 'warn',
    text: 'message parked: a person must look at it',
    metric: {
      name: 'slotwire_messages_parked_total',
      help: 'Messages parked, by stage and code',
      labels: ['site', 'stage', 'code'],
    },
  },
  FeedAsked: {
    level: 'debug',
    text: 'site asked',
    metric: {
      name: 'slotwire_feed_seconds',
      help: 'Duration of a page or window',
      labels: ['site', 'feed'],
      observe: 'took_ms',
    },
  },
  FeedFailed: {
    level: 'warn',
    text: 'asking the site failed',
    metric: {
      name: 'slotwire_feed_failures_total',
      help: 'Failed questions to a site',
      labels: ['site', 'feed', 'code'],
    },
  },
  Delivered: {
    level: 'debug',
    text: 'delivery answered',
    metric: {
      name: 'slotwire_delivery_seconds',
      help: 'Calls that write at a site',
      labels: ['site', 'kind', 'outcome'],
      observe: 'took_ms',
    },
  },
  SiteBreaker: {
    level: 'warn',
    text: 'the circuit breaker of a site moved (open: nothing is sent to it; half-open: one call is tried)',
    metric: {
      name: 'slotwire_site_breaker_total',
      help: 'Times that the circuit breaker of a site came to a state',
      labels: ['site', 'state'],
    },
  },
  BookingMoved: {
    level: 'debug',
    text: 'booking moved',
    metric: {
      name: 'slotwire_bookings_total',
      help: 'Bookings that reached a state',
      labels: ['site', 'action', 'state'],
    },
  },
  UnusualStatus: {
    level: 'info',
    text: 'a site took an appointment from one status to another that does not usually follow it',
    metric: {
      name: 'slotwire_unusual_statuses_total',
      help: 'Steps between statuses that a caller could not have asked for',
      labels: ['site', 'from', 'to'],
    },
  },
  ApprovalDecided: {
    level: 'info',
    text: 'a coordinator decided about a booking (overtaken: approved, and its time was taken meanwhile)',
    metric: {
      name: 'slotwire_approvals_total',
      help: 'Bookings that a coordinator decided about',
      labels: ['site', 'decision'],
    },
  },
  RegistrationAnswered: {
    level: 'info',
    text: 'a site was asked to register a person (unknown: whether it did is not known, and it is not asked again)',
    metric: {
      name: 'slotwire_registrations_total',
      help: 'People whom a site was asked to register, by what came of it',
      labels: ['site', 'outcome'],
    },
  },
  StageFailed: {
    level: 'error',
    text: 'a stage failed and is tried again',
    metric: { name: 'slotwire_stage_failures_total', help: 'Stages that threw', labels: ['stage', 'code'] },
  },
  ConflictRaised: {
    level: 'warn',
    text: 'a visit is at risk: a person must decide which one stays',
    metric: {
      name: 'slotwire_conflicts_raised_total',
      help: 'Conflicts raised, counted at each site concerned, by case',
      labels: ['site', 'because'],
    },
  },
  ConflictCleared: {
    level: 'info',
    text: 'a conflict is solved',
    metric: {
      name: 'slotwire_conflicts_cleared_total',
      help: 'Conflicts solved, counted at each site concerned, by case',
      labels: ['site', 'because'],
    },
  },
  RecordPlaced: {
    level: 'debug',
    text: 'a patient record was compared with the others',
    metric: {
      name: 'slotwire_patients_placed_total',
      help: 'Patient records placed among the others, by what came of it',
      labels: ['outcome'],
    },
  },
  KeyCapped: {
    level: 'debug',
    text: 'more records share a key than are compared (none: not even the tighter key was read)',
    metric: {
      name: 'slotwire_patient_keys_capped_total',
      help: 'Keys of patient records over the cap, by kind and what was read instead',
      labels: ['kind', 'read'],
    },
  },
  PractitionerMoved: {
    level: 'info',
    text: 'a code of a site stands for another person now, and what it takes was moved',
    metric: {
      name: 'slotwire_practitioner_visits_moved_total',
      help: 'Visits moved to another practitioner, by site and who said so',
      labels: ['site', 'because'],
      add: 'visits',
    },
  },
  Swept: {
    level: 'debug',
    text: 'swept',
    metric: { name: 'slotwire_swept_total', help: 'Rows that sweeping dealt with', labels: ['what'], add: 'count' },
  },
  WorkEscalated: {
    level: 'warn',
    text: "what a person was to do is overdue, and is the next role's now",
    metric: {
      name: 'slotwire_work_escalated_total',
      help: 'Overdue work items and pairs of records that went up a step, by kind and role',
      labels: ['kind', 'role'],
      add: 'count',
    },
  },
  RequestAnswered: {
    level: 'debug',
    text: 'request answered',
    metric: {
      name: 'slotwire_http_seconds',
      help: 'HTTP requests',
      labels: ['method', 'route', 'status'],
      observe: 'duration_ms',
    },
  },
  RequestFailed: {
    level: 'error',
    text: 'request failed through no fault of the caller',
    metric: { name: 'slotwire_http_failures_total', help: 'Requests answered 5xx', labels: ['code'] },
  },
  WebhookTaken: {
    level: 'debug',
    text: 'webhook answered',
    metric: {
      name: 'slotwire_webhooks_total',
      help: 'Webhook requests, by what became of them',
      labels: ['site', 'outcome'],
    },
  },
  MllpEvent: {
    level: 'debug',
    text: 'MLLP',
    metric: { name: 'slotwire_mllp_events_total', help: 'What happened on MLLP connections', labels: ['kind'] },
  },
  ControlIdReused: {
    level: 'debug',
    text: 'a sender used a control id (MSH-10) for a second message',
    metric: {
      name: 'slotwire_control_ids_reused_total',
      help: 'HL7 v2 messages whose control id stood in an earlier one with other bytes',
      labels: ['site'],
    },
  },
  MllpRefused: {
    level: 'info',
    text: 'an HL7 v2 sender was not let in',
    metric: {
      name: 'slotwire_mllp_refused_total',
      help: 'MLLP connections refused: not on the list, too many, TLS',
      labels: ['listener', 'cause'],
    },
  },
  FrameAnswered: {
    level: 'debug',
    text: 'frame answered',
    metric: { name: 'slotwire_frames_total', help: 'HL7 frames, by acknowledgement', labels: ['site', 'code'] },
  },
  RequestCarriedOut: {
    level: 'debug',
    text: 'a request for an appointment (SRM) was carried out',
    metric: {
      name: 'slotwire_client_requests_total',
      help: 'SRM of clients, by what they were answered',
      labels: ['sender', 'trigger', 'code'],
    },
  },
  ClientTold: {
    level: 'debug',
    text: 'an answer (SRR) or news (SIU) went to a client',
    metric: {
      name: 'slotwire_client_messages_total',
      help: 'HL7 v2 messages to clients, by what came of sending them',
      labels: ['sender', 'kind', 'outcome'],
    },
  },
  ReplayWindow: {
    level: 'warn',
    text: 'a replay window began or ended: what the site sends again is held against what stands',
    metric: { name: 'slotwire_replay_windows_total', help: 'Replay windows begun and ended', labels: ['site', 'what'] },
  },
  SigningKeyMoved: {
    level: 'info',
    text: "one of the hub's own keys was made (it signs from the time named) or withdrawn",
    metric: {
      name: 'slotwire_signing_keys_total',
      help: 'Keys of the hub that were made or withdrawn',
      labels: ['environment', 'what'],
    },
  },
  TokenAsked: {
    level: 'debug',
    text: 'an access token was asked for at the authorization server of a site',
    metric: {
      name: 'slotwire_backend_tokens_total',
      help: 'Access tokens asked for, by site and what came of it',
      labels: ['site', 'outcome'],
    },
  },
  PlanApplied: {
    level: 'info',
    text: 'a new plan is in force',
    metric: { name: 'slotwire_plans_total', help: 'Plans put in force', labels: [] },
  },
  PlanRefused: {
    level: 'error',
    text: 'the new plan was refused; the running one stays in force',
    metric: { name: 'slotwire_plans_refused_total', help: 'Plans refused', labels: [] },
  },
  Started: {
    level: 'info',
    text: 'hub started',
    metric: { name: 'slotwire_starts_total', help: 'Starts of the hub', labels: [] },
  },
  Stopping: {
    level: 'info',
    text: 'hub stopping',
    metric: { name: 'slotwire_stops_total', help: 'Stops of the hub', labels: [] },
  },
} as const satisfies Record<string, EventSpec>;

export type EventName = keyof typeof EVENTS;
export type EventFields = Readonly<Record<string, string | number | boolean | null>>;
