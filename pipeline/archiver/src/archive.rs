//! The loop of one stream: carries out what `take.rs` decides. Reading and decoding the next batch overlaps the commit
//! of this one. Any failure, on either side, ends in the same place: everything begins again from the watermark rows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use feed::entry::{COMMITTED_KEY, HELD_KEY, Held, Mark, SPOOLED_KEY, StreamId, WANTED_KEY, WriterId};
use feed_runtime::backoff::Backoff;
use feed_runtime::logging::chain;
use feed_runtime::redis::connect;
use feed_runtime::shutdown::Shutdown;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamInfoStreamReply;
use redis::{FromRedisValue, RedisResult, Value};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::commit::{Batch, CommitError};
use crate::database::{self, DatabaseError, Done, Job};
use crate::reading::{self, Read};
use crate::rows::{self, Frame};
use crate::status::Status;
use crate::take::{Taken, Taker};

const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a stopping archiver waits for the batch in hand.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// A commit takes milliseconds; one that takes this long hangs.
const COMMIT_LIMIT: Duration = Duration::from_secs(10);

pub struct Settings {
    pub redis_url: SecretString,
    pub database: tokio_postgres::Config,
    pub reader_password: Option<SecretString>,
    pub stream: String,
}

#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    #[error("redis does not answer")]
    Redis(#[from] redis::RedisError),
    #[error("the database does not answer")]
    Database(#[from] DatabaseError),
    #[error("a batch is not committed")]
    Commit(#[from] CommitError),
    #[error("the database was restored: beginning again from its watermarks")]
    Restored,
    #[error("the task that commits has ended")]
    Ended,
}

/// Archives until `shutdown`; then what was taken is committed, and the rest stays in the stream.
pub async fn run(settings: Settings, status: Arc<Status>, shutdown: Shutdown) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5), 2);
    while !shutdown.is_cancelled() {
        let started = Instant::now();
        let Err(error) = archive(&settings, &status, &shutdown).await else { return };
        if started.elapsed() > Duration::from_secs(10) {
            backoff.reset();
        }
        if matches!(error, ArchiveError::Database(_) | ArchiveError::Commit(CommitError::Database(_))) {
            status.database_reachable(false);
        }
        let text = chain(&error);
        tracing::warn!(stream = settings.stream, error = text, "archiving begins again");
        status.fault(&settings.stream, Some(text));
        tokio::select! {
            () = sleep(backoff.next_delay()) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// From the watermark rows on, until something fails or `shutdown`.
async fn archive(settings: &Settings, status: &Arc<Status>, shutdown: &Shutdown) -> Result<(), ArchiveError> {
    let committer = tokio::select! {
        committer = database::open(settings, status) => committer?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let rows = database::watermarks(committer.client(), &settings.stream).await;
    let taker = Taker::load(rows.map_err(DatabaseError::from)?);
    let (jobs, queue) = mpsc::channel(1);
    let (results, done) = mpsc::channel(4);
    // Aborted with the archive: an unclear commit is settled by reading the row.
    let mut tasks = JoinSet::new();
    tasks.spawn(database::work(committer, settings.stream.clone(), queue, results));
    let redis = connect(&settings.redis_url, TIMEOUT).await?;
    let reader = reading::open(&settings.redis_url).await?;
    let mut archive =
        Archive { settings, status, taker, redis, next: VecDeque::new(), unfinished: 0, heard: Instant::now() };
    archive.every_second().await?;
    status.fault(&settings.stream, None);
    archive.turn(reader, jobs, done, shutdown).await
}

struct Archive<'a> {
    settings: &'a Settings,
    status: &'a Arc<Status>,
    taker: Taker,
    /// For everything but the blocking read.
    redis: MultiplexedConnection,
    /// Jobs that wait for the committer.
    next: VecDeque<Job>,
    /// Jobs handed over whose result has not come.
    unfinished: usize,
    /// When the last result came, or the first job since was handed over.
    heard: Instant,
}

impl Archive<'_> {
    async fn turn(
        &mut self,
        reader: MultiplexedConnection,
        jobs: mpsc::Sender<Job>,
        mut done: mpsc::Receiver<Done>,
        shutdown: &Shutdown,
    ) -> Result<(), ArchiveError> {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let read_on = |cursor| Box::pin(reading::read(reader.clone(), self.settings.stream.clone(), cursor));
        let mut reading = read_on(self.taker.cursor());
        let mut stopping = false;
        let stop_limit = sleep(STOP_LIMIT);
        tokio::pin!(stop_limit);
        loop {
            tokio::select! {
                biased;
                result = done.recv() => {
                    let result = result.ok_or(ArchiveError::Ended)?;
                    self.unfinished -= 1;
                    self.heard = Instant::now();
                    self.finished(result).await?;
                }
                permit = jobs.reserve(), if !self.next.is_empty() => {
                    // Where the committer has ended, its last result says why, and comes next.
                    if let (Ok(permit), Some(job)) = (permit, self.next.pop_front()) {
                        permit.send(job);
                        self.heard = if self.unfinished == 0 { Instant::now() } else { self.heard };
                        self.unfinished += 1;
                    }
                }
                () = shutdown.cancelled(), if !stopping => {
                    stopping = true;
                    stop_limit.as_mut().reset(Instant::now() + STOP_LIMIT);
                }
                () = &mut stop_limit, if stopping => {
                    tracing::warn!("stopped before the last batch was confirmed: the watermark tells whether it is stored");
                    return Ok(());
                }
                _ = second.tick(), if !stopping => {
                    self.say_what_hangs();
                    self.every_second().await?;
                    if self.next.is_empty() && self.unfinished == 0 {
                        self.next.push_back(Job::Look);
                    }
                }
                read = &mut reading, if self.next.is_empty() && !stopping => {
                    self.took(read?);
                    reading = read_on(self.taker.cursor());
                }
            }
            if stopping && self.next.is_empty() && self.unfinished == 0 {
                return Ok(());
            }
        }
    }

    /// A database that hangs answers nothing and fails nothing: only the time says it.
    fn say_what_hangs(&self) {
        let hangs = self.unfinished > 0 && self.heard.elapsed() > COMMIT_LIMIT;
        let missing: Vec<String> = self.taker.wanted().map(|(writer, n)| format!("{n} of {writer}")).collect();
        let missing =
            (!missing.is_empty()).then(|| format!("missing entries, asked for again: {}", missing.join(", ")));
        self.status.database_reachable(!hangs);
        self.status.fault(&self.settings.stream, hangs.then(|| "the database has not answered for 10 s".to_owned()));
        self.status.notice(&self.settings.stream, missing);
    }

    /// Chooses and decodes. A read from where the cursor no longer is says nothing.
    fn took(&mut self, mut read: Read) {
        if read.after != self.taker.cursor() {
            return;
        }
        let taken = self.taker.take(&read.offers);
        self.status.taken(&self.settings.stream, &taken);
        let frame = |index: &usize| {
            let entry = read.offers[*index].entry.as_ref().expect("a frame has a header");
            let bytes = std::mem::take(&mut read.bytes[*index]);
            Frame { writer: entry.writer.clone(), n: read.offers[*index].id.n, received: entry.received, bytes }
        };
        let frames: Vec<Frame> = taken.frames.iter().map(frame).collect();
        self.hand_over(taken, frames);
    }

    fn hand_over(&mut self, taken: Taken, frames: Vec<Frame>) {
        if !taken.is_empty() {
            let (rows, rejects) = rows::decode(&frames);
            self.next.push_back(Job::Commit(Box::new(Batch { taken, frames, rows, rejects })));
        }
    }

    async fn finished(&mut self, result: Done) -> Result<(), ArchiveError> {
        match result {
            Done::Committed { batch, committed, took } => {
                let minimum = self.taker.committed(&batch.taken);
                self.status.committed(&self.settings.stream, &batch, committed, took);
                self.trim_and_publish(minimum).await
            }
            Done::Watermarks(rows) if self.taker.agrees(&rows) => Ok(()),
            Done::Watermarks(_) => Err(ArchiveError::Restored),
            Done::Failed(error) => Err(error.into()),
        }
    }

    /// After the commit; neither failing is an error, the next second says it again.
    async fn trim_and_publish(&mut self, minimum: StreamId) -> Result<(), ArchiveError> {
        let mut say = redis::pipe();
        say.cmd("XTRIM").arg(&self.settings.stream).arg("MINID").arg(minimum.to_string());
        self.publish_marks(&mut say);
        let said = say.ignore_errors().query_async::<Vec<RedisResult<Value>>>(&mut self.redis).await;
        Ok(said.map(drop)?)
    }

    /// `feed:committed`, always before `feed:wanted`: a restored database moved it back.
    fn publish_marks(&self, say: &mut redis::Pipeline) {
        for (writer, mark) in self.taker.marks() {
            say.hset(COMMITTED_KEY, writer.as_str(), mark.to_string());
        }
        for (writer, n) in self.taker.wanted() {
            say.hset(WANTED_KEY, writer.as_str(), n);
        }
    }

    /// Says what is stored and what is missing, and hears what can still come.
    async fn every_second(&mut self) -> Result<(), ArchiveError> {
        let mut ask = redis::pipe();
        self.publish_marks(&mut ask);
        ask.cmd("HGET").arg(HELD_KEY).arg(&self.settings.stream).cmd("HGETALL").arg(SPOOLED_KEY);
        ask.cmd("XINFO").arg("STREAM").arg(&self.settings.stream);
        let mut answers: Vec<RedisResult<Value>> = ask.ignore_errors().query_async(&mut self.redis).await?;
        let (Some(info), Some(spooled), Some(held)) = (answers.pop(), answers.pop(), answers.pop()) else {
            return Ok(());
        };
        let info = feed_runtime::redis::unless_missing(info)?;
        let info = info.and_then(|info| StreamInfoStreamReply::from_redis_value(info).ok());
        let last_id = info.and_then(|info| info.last_generated_id.parse().ok()).unwrap_or_default();
        self.taker.check_top(last_id);
        let held = Option::<String>::from_redis_value(held?).ok().flatten().and_then(|held| held.parse::<Held>().ok());
        if let Some(held) = held
            && self.next.is_empty()
        {
            let spooled = marks(spooled?);
            let gone = self.taker.gone(&held, &spooled);
            let settled = self.taker.settle(&gone, last_id);
            self.hand_over(settled, Vec::new());
            self.taker.look_again(&held, &spooled, last_id);
        }
        Ok(())
    }
}

fn marks(answer: Value) -> BTreeMap<WriterId, Mark> {
    let fields = BTreeMap::<String, String>::from_redis_value(answer).unwrap_or_default();
    fields.into_iter().filter_map(|(writer, mark)| Some((writer.parse().ok()?, mark.parse().ok()?))).collect()
}
