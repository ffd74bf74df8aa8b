//! Names of the metrics that the path exports, once, so that daemons, checks, dashboards and alerts cannot drift apart.
//!
//! Counters are named without `_total`, which the text format adds. Instants are exported as timestamps, not as ages:
//! the query computes the age and keeps working when the process hangs.

/// Gauge, one-hot by label `state`.
pub const SESSION_STATE: &str = "feed_collector_session_state";
/// Gauge, seconds since 1970: the last inbound frame of any kind.
pub const LAST_FRAME: &str = "feed_collector_last_frame_timestamp_seconds";
/// Counter: frames read from the broker that are not control messages.
pub const FRAMES_RECEIVED: &str = "feed_collector_frames_received";
/// Counter: ticks in those frames, by the frames' own counts.
pub const TICKS_RECEIVED: &str = "feed_collector_ticks_received";
/// Counter: ticks that Redis has taken into the stream; sending again counts again.
pub const TICKS_PUBLISHED: &str = "feed_collector_ticks_published";
/// Counter: live messages dropped because a subscriber or Redis was slow.
pub const LIVE_DROPPED: &str = "feed_collector_live_dropped";
/// Counter by label `reason`.
pub const RECONNECTS: &str = "feed_collector_reconnects";
/// Counter: frames that could not be spooled; each is part of a recorded gap.
pub const SPOOL_LOST: &str = "feed_spool_lost_frames";
/// Gauge: the highest `n` in the spool, and the highest that Redis has taken.
pub const SPOOLED_SEQUENCE: &str = "feed_collector_spooled_sequence";
pub const PUBLISHED_SEQUENCE: &str = "feed_collector_published_sequence";
/// Counter by label `reason`: connections to Redis, commands refused, positions taken again.
pub const RESYNCS: &str = "feed_collector_resyncs";

/// Counters of the archiver, by label `stream`.
pub const TICKS_COMMITTED: &str = "feed_archiver_ticks_committed";
pub const BATCHES_COMMITTED: &str = "feed_archiver_batches_committed";
pub const DUPLICATES_SKIPPED: &str = "feed_archiver_duplicates_skipped";
pub const CONFLICTS: &str = "feed_archiver_conflicts";
pub const REJECTS: &str = "feed_archiver_rejects";
/// Entries that came again: sent twice is harmless, and counted.
pub const ENTRIES_SKIPPED: &str = "feed_archiver_entries_skipped";
pub const STRANGERS: &str = "feed_archiver_stranger_entries";
pub const GAPS: &str = "feed_archiver_gaps";
pub const MISSING_ENTRIES: &str = "feed_archiver_missing_entries";
/// Gauge: the highest `n` committed, by labels `stream` and `writer`.
pub const COMMITTED_SEQUENCE: &str = "feed_archiver_committed_sequence";
/// Gauge, seconds since 1970: when the newest committed entry was received, which a heartbeat keeps moving.
pub const HEARTBEAT: &str = "feed_archiver_heartbeat_timestamp_seconds";
/// Histogram, seconds.
pub const COMMIT_DURATION: &str = "feed_archiver_commit_duration_seconds";
