//! One transaction per batch: the watermarks move from where they are believed to be, the ticks go in, or nothing
//! happens at all.

use futures_util::pin_mut;
use rust_decimal::Decimal;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Transaction};

use crate::rows::{Frame, Reject, Row};
use crate::take::{Advance, Taken, TakenGap};

mod staging;

/// After a conflict the next batches go through staging too: a second source rarely delivers one tick only.
const STAGED_BATCHES: u32 = 50;

/// What is committed together.
#[derive(Debug)]
pub struct Batch {
    pub taken: Taken,
    pub frames: Vec<Frame>,
    pub rows: Vec<Row>,
    pub rejects: Vec<Reject>,
}

/// What became of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    pub inserted: u64,
    /// Rows that were there already, under the same natural key.
    pub duplicates: u64,
    /// Of those, rows that differ from what is there; kept in `feed_rejects`.
    pub conflicts: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("the watermark of a writer is not where it was: the row is read again")]
    Moved,
    #[error("the database does not take the batch")]
    Database(#[from] Error),
}

/// The writing half of one stream.
#[derive(Debug)]
pub struct Committer {
    client: Client,
    stream: String,
    /// Batches that still go through staging.
    staged: u32,
}

impl Committer {
    pub fn new(client: Client, stream: String) -> Self {
        Committer { client, stream, staged: 0 }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Commits `batch` exactly once. After [`CommitError::Database`] it may be there or not: the watermark row tells.
    pub async fn commit(&mut self, batch: &Batch) -> Result<Committed, CommitError> {
        if self.staged == 0 {
            match self.attempt(batch, false).await {
                Err(CommitError::Database(error)) if is_conflict(&error) => self.staged = STAGED_BATCHES,
                result => return result,
            }
        }
        self.staged -= 1;
        self.attempt(batch, true).await
    }

    async fn attempt(&mut self, batch: &Batch, staged: bool) -> Result<Committed, CommitError> {
        let transaction = self.client.transaction().await?;
        for (writer, advance) in &batch.taken.advances {
            move_watermark(&transaction, &self.stream, writer.as_str(), advance).await?;
        }
        insert_gaps(&transaction, &batch.taken.gaps).await?;
        insert_rejects(&transaction, &self.stream, &batch.frames, &batch.rejects).await?;
        let committed = if staged {
            staging::insert(&transaction, &self.stream, batch).await?
        } else {
            copy_rows(&transaction, COPY, &batch.rows).await?;
            Committed { inserted: batch.rows.len() as u64, ..Committed::default() }
        };
        transaction.commit().await?;
        Ok(committed)
    }
}

fn is_conflict(error: &Error) -> bool {
    let conflicts = [SqlState::UNIQUE_VIOLATION, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE];
    error.code().is_some_and(|code| conflicts.contains(code))
}

async fn move_watermark(
    transaction: &Transaction<'_>,
    stream: &str,
    writer: &str,
    advance: &Advance,
) -> Result<(), CommitError> {
    if advance.from == 0 {
        let first = "INSERT INTO feed_watermarks (writer, stream, last_n, ticks) VALUES ($1, $2, 0, 0) \
                     ON CONFLICT (writer) DO NOTHING";
        transaction.execute(first, &[&writer, &stream]).await?;
    }
    let update = "UPDATE feed_watermarks SET last_n = $3, ticks = $4, committed_at = now(), \
                  last_received_at = coalesce($5, last_received_at) WHERE writer = $1 AND last_n = $2";
    let received = advance.received.map(|received| received.instant());
    let (from, to, ticks) = (number(advance.from), number(advance.to.n), number(advance.to.ticks));
    match transaction.execute(update, &[&writer, &from, &to, &ticks, &received]).await? {
        1 => Ok(()),
        _ => Err(CommitError::Moved),
    }
}

async fn insert_gaps(transaction: &Transaction<'_>, gaps: &[TakenGap]) -> Result<(), Error> {
    for gap in gaps {
        let insert = "INSERT INTO feed_gaps (writer, from_n, to_n, reason) VALUES ($1, $2, $3, $4)";
        let (from, to, reason) = (number(gap.from), number(gap.to), gap.reason.replace('\0', " "));
        transaction.execute(insert, &[&gap.writer.as_str(), &from, &to, &reason]).await?;
    }
    Ok(())
}

async fn insert_rejects(
    transaction: &Transaction<'_>,
    stream: &str,
    frames: &[Frame],
    rejects: &[Reject],
) -> Result<(), Error> {
    let insert = "INSERT INTO feed_rejects (stream, writer, n, record, received_at, bytes, reason) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7)";
    for reject in rejects {
        let frame = &frames[reject.frame];
        let (n, record) = (number(frame.n), reject.record.and_then(|record| i32::try_from(record).ok()));
        let values: [&(dyn ToSql + Sync); 7] =
            [&stream, &frame.writer.as_str(), &n, &record, &frame.received.instant(), &frame.bytes, &reject.reason];
        transaction.execute(insert, &values).await?;
    }
    Ok(())
}

const COPY: &str = "COPY market_ticks (time, symbol, venue, price, volume, cum_volume, cum_value, trade_count, side, \
                    phase, received_at, feed) FROM STDIN (FORMAT binary)";

const TYPES: [Type; 12] = [
    Type::TIMESTAMPTZ,
    Type::TEXT,
    Type::TEXT,
    Type::NUMERIC,
    Type::INT8,
    Type::INT8,
    Type::NUMERIC,
    Type::INT8,
    Type::INT2,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::TEXT,
];

async fn copy_rows(transaction: &Transaction<'_>, copy: &str, rows: &[Row]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let writer = BinaryCopyInWriter::new(transaction.copy_in(copy).await?, &TYPES);
    pin_mut!(writer);
    for row in rows {
        let tick = &row.tick;
        let (volume, cum_volume) = (number(tick.volume.0), number(tick.cum_volume.0));
        let cum_value: Option<Decimal> = tick.cum_value.map(|value| value.0);
        let trade_count = tick.trade_count.map(number);
        let side = tick.side.map(|side| side.code());
        let values: [&(dyn ToSql + Sync); 12] = [
            &tick.time,
            &tick.symbol.as_str(),
            &tick.venue.as_str(),
            &tick.price.0,
            &volume,
            &cum_volume,
            &cum_value,
            &trade_count,
            &side,
            &tick.phase.as_str(),
            &row.received.instant(),
            &tick.feed,
        ];
        writer.as_mut().write(&values).await?;
    }
    writer.finish().await.map(drop)
}

/// Every number of this kind is below 2^63: the decoder and the counters see to it.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
