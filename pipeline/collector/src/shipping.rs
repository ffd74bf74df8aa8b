//! The loop that carries out what `ship.rs` decides: from the spool to the stream, over a connection of its own, with a
//! look at Redis on each new one. It never stops trying; what it cannot send lies on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use feed::entry::{
    COMMITTED_KEY, DATA_FIELD, HELD_KEY, Header, Held, META_FIELD, Mark, SPOOLED_KEY, StreamId, WANTED_KEY, WriterId,
};
use feed_runtime::backoff::Backoff;
use feed_runtime::logging::chain;
use feed_runtime::redis::connect;
use feed_runtime::shutdown::Shutdown;
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::ship::{Batch, Marks, Ours, Seen, Shipper};
use crate::spool::folder::{Folder, FolderError};
use crate::spool::reader::Reader;
use crate::spool::record::Record;
use crate::status::Status;

mod look;

pub(crate) use look::committed;

const AT_ONCE: u64 = 500;
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a start waits for Redis.
const AT_START: Duration = Duration::from_secs(3);
/// How long a stopping collector goes on shipping; the rest is on disk and goes out after the next start.
const DRAIN: Duration = Duration::from_secs(5);

pub struct Settings {
    pub redis_url: SecretString,
    pub stream: String,
    pub window: u64,
    /// Committed segments are deleted once they are older than this.
    pub keep: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum ShippingError {
    #[error("redis does not answer")]
    Redis(#[from] redis::RedisError),
    #[error("the spool cannot be read")]
    Spool(#[from] FolderError),
    #[error("key {key} holds another type than a stream: choose another FEED_STREAM, or delete the key")]
    WrongType { key: String },
    /// Redis did not say so at the start. Only the door through which a writer begins can mend it.
    #[error("the archiver has {committed} of writer {writer}, of which the spool holds {spooled}: it is an older copy")]
    OlderSpool { writer: WriterId, committed: u64, spooled: u64 },
}

/// Ships what the spools hold, of which `folders` are the writers, oldest first, and `end` the end of the last one.
/// Returns when `shutdown` was asked for and all is sent, or some seconds later; with an error only where another start is
/// what mends it.
pub async fn run(
    settings: Settings,
    folders: Vec<Folder>,
    end: watch::Receiver<Mark>,
    status: Arc<Status>,
    shutdown: Shutdown,
) -> Result<(), ShippingError> {
    let mut shipping = Shipping::new(settings, folders, end, status)?;
    tokio::select! {
        error = shipping.until_it_must_start_again() => return Err(error),
        () = shutdown.cancelled() => {}
    }
    let drained = timeout(DRAIN, shipping.until_all_is_sent()).await;
    if !matches!(drained, Ok(Ok(()))) || !shipping.shipper.has_sent_all() {
        tracing::info!("stopped before everything was shipped: it is in the spool");
    }
    Ok(())
}

struct Shipping {
    settings: Settings,
    readers: BTreeMap<WriterId, Reader>,
    /// Where each writer's spool ends; the newest is moved by `end`.
    ends: BTreeMap<WriterId, Mark>,
    newest: WriterId,
    end: watch::Receiver<Mark>,
    shipper: Shipper,
    status: Arc<Status>,
    started: Instant,
}

impl Shipping {
    fn new(
        settings: Settings,
        folders: Vec<Folder>,
        end: watch::Receiver<Mark>,
        status: Arc<Status>,
    ) -> Result<Self, FolderError> {
        let newest = folders.last().expect("an open spool has a writer").writer().clone();
        let mut shipper = Shipper::new(settings.window);
        let mut ends = BTreeMap::new();
        for folder in &folders {
            let mark = folder.end()?;
            shipper.spooled(folder.writer(), mark.n);
            ends.insert(folder.writer().clone(), mark);
        }
        let readers = folders.into_iter().map(|folder| (folder.writer().clone(), Reader::new(folder))).collect();
        Ok(Shipping { settings, readers, ends, newest, end, shipper, status, started: Instant::now() })
    }

    async fn until_it_must_start_again(&mut self) -> ShippingError {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5), 1);
        loop {
            let started = Instant::now();
            let Err(error) = self.over_one_connection().await;
            if matches!(error, ShippingError::OlderSpool { .. }) {
                return error;
            }
            if started.elapsed() > Duration::from_secs(10) {
                backoff.reset();
            }
            tracing::warn!(error = %chain(&error), "shipping is interrupted");
            self.status.redis_fault(Some(chain(&error)));
            self.status.shipping.beat();
            sleep(backoff.next_delay()).await;
        }
    }

    async fn over_one_connection(&mut self) -> Result<std::convert::Infallible, ShippingError> {
        let mut redis = connect(&self.settings.redis_url, TIMEOUT).await?;
        self.shipper.lose_position();
        self.status.metrics.resync("connection");
        self.announce(&mut redis).await?;
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.status.shipping.beat();
            self.learn_end();
            if self.shipper.must_resync() {
                self.resync(&mut redis).await?;
            }
            let sent = match self.shipper.plan(AT_ONCE) {
                Some(batch) => self.send(&mut redis, batch).await?,
                None => false,
            };
            tokio::select! {
                biased;
                _ = second.tick() => { self.every_second(&mut redis).await?; }
                () = std::future::ready(()), if sent => {}
                Ok(()) = self.end.changed() => {}
            }
        }
    }

    async fn until_all_is_sent(&mut self) -> Result<(), ShippingError> {
        let mut redis = connect(&self.settings.redis_url, TIMEOUT).await?;
        self.learn_end();
        self.announce(&mut redis).await?;
        self.resync(&mut redis).await?;
        while let Some(batch) = self.shipper.plan(AT_ONCE) {
            if !self.send(&mut redis, batch).await? {
                self.resync(&mut redis).await?;
            }
        }
        self.every_second(&mut redis).await.map(drop)
    }

    /// Nothing of a writer is sent before it is named in `feed:held`: the archiver would take it for gone.
    async fn announce(&mut self, redis: &mut MultiplexedConnection) -> Result<(), ShippingError> {
        while !self.every_second(redis).await? {
            self.status.redis_fault(Some("refuses what is said of the spool: is its memory full?".to_owned()));
            self.status.shipping.beat();
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    fn learn_end(&mut self) {
        let end = *self.end.borrow_and_update();
        self.ends.insert(self.newest.clone(), end);
        self.shipper.spooled(&self.newest, end.n);
    }

    async fn resync(&mut self, redis: &mut MultiplexedConnection) -> Result<(), ShippingError> {
        let look = self.look(redis).await?;
        if let Some(answered) = self.shipper.resync(&look.seen) {
            self.status.metrics.resync("asked");
            redis::cmd("HDEL").arg(WANTED_KEY).arg(answered.as_str()).exec_async(redis).await?;
        }
        self.status.redis_fault(None);
        Ok(())
    }

    /// Says what the spools hold, hears what the archiver has and wants, deletes what nobody needs any more. False when
    /// Redis did not take what was said (for want of memory): the next second says it again.
    async fn every_second(&mut self, redis: &mut MultiplexedConnection) -> Result<bool, ShippingError> {
        let look = self.look(redis).await?;
        self.check_age(&look)?;
        let held = self.shipper.held(&look.held, &look.spooled, &look.seen.marks, self.started.elapsed());
        let mut say = redis::pipe();
        say.hset(HELD_KEY, &self.settings.stream, held.to_string());
        for (writer, end) in &self.ends {
            say.hset(SPOOLED_KEY, writer.as_str(), end.to_string());
        }
        let said: Vec<RedisResult<i64>> = say.ignore_errors().query_async(redis).await?;
        self.shipper.progress(&look.seen);
        self.status.committed(look.committed.get(&self.newest).copied());
        self.expire();
        Ok(said.iter().all(Result::is_ok))
    }

    /// Nobody can have committed what this spool has not yet given: the numbers to come are taken.
    fn check_age(&self, look: &look::Look) -> Result<(), ShippingError> {
        let (writer, spooled) = (self.newest.clone(), self.ends[&self.newest].n);
        match look.committed.get(&writer) {
            Some(mark) if mark.n > spooled => Err(ShippingError::OlderSpool { writer, committed: mark.n, spooled }),
            _ => Ok(()),
        }
    }

    /// A segment that cannot be deleted costs room, and no more than that.
    fn expire(&mut self) {
        let before = std::time::SystemTime::now() - self.settings.keep;
        for (writer, reader) in &mut self.readers {
            let (committed, end) = (self.shipper.committed(writer).unwrap_or(0), self.ends[writer]);
            let mut expired = Ok(());
            if *writer != self.newest && committed >= end.n {
                reader.rest();
                expired = reader.folder().retire(end, before);
            }
            if let Err(error) = expired.and_then(|()| reader.folder().expire(committed, before)) {
                tracing::warn!(error = chain(&error), "an old segment of the spool stays");
            }
        }
    }

    /// Sends one pipeline. False when Redis did not take all of it.
    async fn send(&mut self, redis: &mut MultiplexedConnection, batch: Batch) -> Result<bool, ShippingError> {
        let reader = self.readers.get_mut(&batch.writer).expect("only spools on the disk are planned");
        let records = reader.read(*batch.range.start(), *batch.range.end())?;
        let mut pipeline = Pipeline::with_capacity(records.len());
        let mut ids = Vec::with_capacity(records.len());
        for record in &records {
            let id = self.shipper.id(record.n, record.received);
            add(&mut pipeline, &self.settings.stream, &batch, id, record);
            ids.push(id);
        }
        let replies: Vec<RedisResult<Option<String>>> = pipeline.ignore_errors().query_async(redis).await?;
        let taken = replies.iter().take_while(|reply| matches!(reply, Ok(Some(_)))).count();
        self.taken(&records[..taken], &ids[..taken]);
        let Some(refusal) = replies.get(taken) else { return Ok(true) };
        self.shipper.lose_position();
        match refusal {
            Ok(_) => self.status.metrics.resync("stream_gone"),
            Err(error) => {
                self.status.metrics.resync("refused");
                self.status.redis_fault(Some(format!("refuses entries: {error}")));
                // What refuses now (no memory, a higher id) will not stop at once.
                sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(false)
    }

    /// Redis has these, also where it refused what came behind them: they are not sent again.
    fn taken(&mut self, records: &[Record], ids: &[StreamId]) {
        let Some(last) = ids.last() else { return };
        self.shipper.shipped(*last);
        let ticks = records.iter().map(|record| feed::kis::frame::tick_count(&record.bytes)).sum();
        self.status.metrics.ticks_published.inc_by(ticks);
        self.status.metrics.published.set(i64::try_from(last.n).unwrap_or(i64::MAX));
    }
}

fn add(pipeline: &mut Pipeline, stream: &str, batch: &Batch, id: StreamId, record: &Record) {
    let (kind, received, ticks) = (record.kind, record.received, record.ticks);
    let header = Header { kind, writer: batch.writer.clone(), received, ticks };
    let command = pipeline.cmd("XADD").arg(stream);
    if !batch.may_create {
        command.arg("NOMKSTREAM");
    }
    command.arg(id.to_string()).arg(META_FIELD).arg(header.to_string()).arg(DATA_FIELD).arg(&record.bytes);
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::path::Path;
    use std::time::SystemTime;

    use feed::entry::{Kind, Received};
    use feed::health::{Session, SessionState};

    use super::*;
    use crate::spool::Spool;

    /// Three frames of one writer, then as many of another, all written long ago.
    fn two_writers(directory: &Path) -> Vec<Folder> {
        let mut folders = Vec::new();
        for _ in 0..2 {
            let (mut spool, found) =
                Spool::open(directory, &BTreeMap::new(), Received(0)).expect("the temporary folder is writable");
            for _ in 0..3 {
                spool.append(Kind::Frame, Received(0), 1, b"a frame").expect("the disk has room");
            }
            folders = found;
            let newest = folders.last().expect("the one that is written to");
            let segment: File = OpenOptions::new().write(true).open(newest.segment_path(1)).expect("it is there");
            segment.set_modified(SystemTime::UNIX_EPOCH).expect("it is ours");
            std::fs::write(directory.join(newest.writer().as_str()).join("boot"), "another").expect("writable");
        }
        folders
    }

    #[test]
    fn the_last_segment_goes_only_of_a_writer_that_is_retired_and_committed() {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let folders = two_writers(directory.path());
        let writers: Vec<WriterId> = folders.iter().map(|folder| folder.writer().clone()).collect();
        let session = Session { state: SessionState::Live, wanted: 1, registered: 1, refused: Vec::new() };
        let status = Arc::new(Status::new(session, Mark::default()));
        let (stream, keep) = ("ticks:{kr}".to_owned(), Duration::from_secs(3600));
        let settings = Settings { redis_url: SecretString::from("unused"), stream, window: 9, keep };
        let (_end, end) = watch::channel(Mark { n: 3, ticks: 3 });
        let mut shipping = Shipping::new(settings, folders.clone(), end, status).expect("the folders can be read");
        let mut check = |committed: u64, left: [u64; 2]| {
            let marks =
                Marks { committed: writers.iter().map(|one| (one.clone(), committed)).collect(), ..Marks::default() };
            shipping.shipper.resync(&Seen { marks, ..Seen::default() });
            shipping.expire();
            let segments = [0, 1].map(|index| folders[index].segments().expect("readable"));
            assert_eq!(segments, left.map(|first| vec![first]), "with {committed} committed");
        };
        check(2, [1, 1]);
        check(3, [3, 1]);
    }
}
