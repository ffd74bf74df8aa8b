//! The way of a batch that met rows under its own keys: through a temporary table, inserting what is new, counting what
//! is there already, keeping what differs.

use tokio_postgres::{Error, Transaction};

use super::{Batch, COPY, Committed, copy_rows, insert_rejects};
use crate::rows::{Reject, Row};

/// Columns that two deliveries of one execution must share; when and by whom it was received may differ.
const FACTS: &str = "price, volume, cum_value, trade_count, side, phase";

pub(super) async fn insert(transaction: &Transaction<'_>, stream: &str, batch: &Batch) -> Result<Committed, Error> {
    transaction.batch_execute("CREATE TEMP TABLE staging (LIKE market_ticks, place serial) ON COMMIT DROP").await?;
    copy_rows(transaction, &COPY.replace("market_ticks", "staging"), &batch.rows).await?;
    let insert = "INSERT INTO market_ticks SELECT time, symbol, venue, price, volume, cum_volume, cum_value, \
                  trade_count, side, phase, received_at, feed FROM staging \
                  ORDER BY time, symbol, venue, cum_volume, place ON CONFLICT DO NOTHING";
    let inserted = transaction.execute(insert, &[]).await?;
    let conflicts = conflicting(transaction, &batch.rows).await?;
    insert_rejects(transaction, stream, &batch.frames, &conflicts).await?;
    let duplicates = batch.rows.len() as u64 - inserted;
    Ok(Committed { inserted, duplicates, conflicts: conflicts.len() as u64 })
}

/// The staged rows under whose key something else stands.
async fn conflicting(transaction: &Transaction<'_>, rows: &[Row]) -> Result<Vec<Reject>, Error> {
    let staged: Vec<String> = FACTS.split(", ").map(|column| format!("s.{column}")).collect();
    let stored: Vec<String> = FACTS.split(", ").map(|column| format!("t.{column}")).collect();
    // The bounds keep the join out of the table's other days.
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let query = format!(
        "SELECT s.place FROM staging s JOIN market_ticks t USING (time, symbol, venue, cum_volume) \
         WHERE t.time BETWEEN $1 AND $2 AND ({}) IS DISTINCT FROM ({}) ORDER BY s.place",
        staged.join(", "),
        stored.join(", ")
    );
    let places = transaction.query(&query, &[&first.tick.time, &last.tick.time]).await?;
    let reject = |place: i32| {
        // `place` counts the rows of the COPY from 1, in their order.
        let origin = rows[usize::try_from(place - 1).expect("places are positive")].origin;
        let reason = "differs from the row under the same key".to_owned();
        Reject { frame: origin.frame, record: Some(origin.record), reason }
    };
    Ok(places.iter().map(|row| reject(row.get(0))).collect())
}
