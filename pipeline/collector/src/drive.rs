//! The loop around the session: turns its outputs into effects, and the world into its inputs. Every frame that is not a
//! control message goes to the spool before the session sees it.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use feed::entry::{Kind as EntryKind, Mark, Received};
use feed::health::SessionState;
use feed::kis::frame::{self, Kind};
use feed_runtime::shutdown::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::broker::{Answer, Broker};
use crate::live::Live;
use crate::session::{Cause, Input, Output, Session};
use crate::spool::Spool;
use crate::status::Status;

/// With no frame for this long, a heartbeat goes through the path in its place.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How often what was written is forced to the disk, off this loop: what a power cut may cost.
const SYNC: Duration = Duration::from_millis(100);

/// A disk that is full refuses each frame: it is said this rarely.
const COMPLAIN: Duration = Duration::from_secs(10);

/// Everything the loop touches.
pub struct Drive {
    pub session: Session,
    pub broker: Broker,
    pub spool: Spool,
    /// Tells the shipper how far the spool reaches.
    pub end: watch::Sender<Mark>,
    pub live: Live,
    pub status: Arc<Status>,
    /// When a failure of the spool was last logged.
    pub complained: Option<Instant>,
}

/// Collects until `shutdown`; then unregisters, hangs up and closes the spool.
pub async fn run(mut drive: Drive, shutdown: Shutdown) -> std::io::Result<()> {
    let mut beat = interval(SYNC);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut wake: Option<Instant> = Some(Instant::now());
    let mut last_append = Instant::now();
    let mut sync: Option<JoinHandle<()>> = None;
    loop {
        let mut out = Vec::new();
        tokio::select! {
            answer = drive.broker.next() => {
                if drive.answered(answer, &mut out) {
                    last_append = Instant::now();
                }
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => drive.feed(Input::Woke, &mut out),
            _ = beat.tick() => {
                drive.status.reading.beat();
                drive.status.session(drive.session.health());
                if last_append.elapsed() >= HEARTBEAT {
                    drive.append(EntryKind::Heartbeat, b"");
                    last_append = Instant::now();
                }
                if sync.as_ref().is_none_or(JoinHandle::is_finished) {
                    sync = Some(drive.sync());
                }
                continue;
            }
            () = shutdown.cancelled() => {
                drive.feed(Input::Stop, &mut out);
                drive.perform(out).await;
                return drive.spool.close(Received::from(Utc::now()));
            }
        }
        wake = drive.perform(out).await;
    }
}

impl Drive {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Output>) {
        let before = self.session.state();
        self.session.handle(input, std::time::Instant::now(), out);
        if self.session.state() != before {
            self.status.session(self.session.health());
        }
    }

    /// True when a record was appended.
    fn answered(&mut self, answer: Answer, out: &mut Vec<Output>) -> bool {
        match answer {
            Answer::Approved(approval) => self.feed(Input::Approved(approval), out),
            Answer::Opened => self.feed(Input::Opened, out),
            Answer::Lost => {
                self.feed(Input::Lost, out);
                self.status.metrics.reconnect(Cause::Lost.as_str());
            }
            Answer::Frame(bytes) => {
                let appended = self.keep(&bytes);
                self.feed(Input::Frame(&bytes), out);
                return appended;
            }
        }
        false
    }

    /// The frame on disk, before anything else is done with it.
    fn keep(&mut self, bytes: &[u8]) -> bool {
        self.status.heard(Received::from(Utc::now()));
        let keeps = frame::kind(bytes) != Kind::Control;
        if keeps {
            let ticks = frame::tick_count(bytes);
            self.status.metrics.frames_received.inc();
            self.status.metrics.ticks_received.inc_by(ticks);
            if ticks == 0 {
                self.status.unreadable();
            }
            self.append(EntryKind::Frame, bytes);
        }
        keeps
    }

    fn append(&mut self, kind: EntryKind, bytes: &[u8]) {
        let appended = self.spool.append(kind, Received::from(Utc::now()), frame::tick_count(bytes), bytes);
        match appended {
            Ok(()) => self.status.spool_works(),
            Err(error) => {
                if self.complained.is_none_or(|since| since.elapsed() >= COMPLAIN) {
                    tracing::error!(error = %error, "the spool cannot be written: frames are being lost, and counted");
                    self.complained = Some(Instant::now());
                }
                self.status.lost(kind, error.to_string());
                return;
            }
        }
        self.status.spooled(self.spool.end());
        self.end.send_replace(self.spool.end());
    }

    fn sync(&self) -> JoinHandle<()> {
        let (segment, status) = (self.spool.sync_handle(), Arc::clone(&self.status));
        tokio::task::spawn_blocking(move || {
            let outcome = segment.sync_data();
            if !status.synced(&outcome) {
                return;
            }
            match outcome {
                Ok(()) => tracing::info!("the spool is forced to the disk again"),
                Err(error) => {
                    tracing::error!(error = %error, "the spool cannot be forced to the disk: a power cut may cost frames")
                }
            }
        })
    }

    /// Carries out what the session wants, in order. Returns when it wants to be woken.
    async fn perform(&mut self, outputs: Vec<Output>) -> Option<Instant> {
        let mut wake = None;
        for output in outputs {
            match output {
                Output::Approve => self.broker.approve(),
                Output::Dial => self.broker.dial(),
                Output::Send(text) => self.broker.send(text).await,
                Output::Live(tick) => self.live.publish(tick),
                Output::WakeAt(at) => wake = Some(at.into()),
                Output::Hangup => {
                    if self.session.state() != SessionState::Stopped {
                        self.status.metrics.reconnect(self.session.cause().as_str());
                    }
                    if let Some(closing) = self.broker.hang_up() {
                        let keep = |bytes: &[u8]| {
                            self.keep(bytes);
                        };
                        closing.finish(keep).await;
                    }
                }
            }
        }
        wake
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use feed::health::Status as Verdict;
    use feed::kis::request::ApprovalKey;
    use feed::metric;
    use feed_runtime::http::Daemon;
    use prometheus_client::encoding::text::encode;

    use super::*;
    use crate::broker::tests::broker;

    fn drive(spool_dir: &std::path::Path) -> Drive {
        let (spool, _) =
            Spool::open(spool_dir, &BTreeMap::new(), Received(0)).expect("the temporary folder is writable");
        let subscriptions = "H0STCNT0:005930".parse().expect("a subscription list");
        let session = Session::new(&subscriptions, Duration::from_secs(45), 7, std::time::Instant::now());
        let status = Arc::new(Status::new(session.health(), spool.end()));
        let (live, _) = Live::new(Arc::clone(&status));
        Drive {
            session,
            broker: broker(String::new()),
            end: watch::channel(spool.end()).0,
            spool,
            live,
            status,
            complained: None,
        }
    }

    /// What the counter shows after a session that was open has ended by `input`.
    async fn check(input: Input<'_>, expected: &str) {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let mut drive = drive(directory.path());
        for input in [Input::Woke, Input::Approved(Ok(ApprovalKey::new("K".into()))), Input::Opened] {
            drive.feed(input, &mut Vec::new());
        }
        let mut out = Vec::new();
        drive.feed(input, &mut out);
        assert!(out.iter().any(|output| matches!(output, Output::Hangup)), "{out:?}");
        drive.perform(out).await;
        let mut text = String::new();
        encode(&mut text, drive.status.registry()).expect("a string takes all");
        let shown: Vec<&str> = text.lines().filter(|line| line.starts_with(metric::RECONNECTS)).collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[tokio::test]
    async fn a_stop_is_no_reconnect() {
        let in_use = br#"{"header":{"tr_id":"(null)"},"body":{"msg_cd":"OPSP8996","msg1":"ALREADY IN USE appkey"}}"#;
        check(Input::Frame(in_use), r#"feed_collector_reconnects_total{reason="in_use"} 1"#).await;
        check(Input::Stop, "").await;
    }

    /// A spool on which writes succeed and `fdatasync` does not.
    fn cannot_sync(directory: &std::path::Path) {
        let (_, folders) =
            Spool::open(directory, &BTreeMap::new(), Received(0)).expect("the temporary folder is writable");
        let segment = folders[0].segment_path(1);
        std::fs::remove_file(&segment).expect("it is there");
        std::os::unix::fs::symlink("/dev/null", segment).expect("its place is free");
    }

    #[tokio::test]
    async fn a_disk_that_cannot_sync_is_a_fault_until_it_can_and_frames_go_on() {
        let (failing, sound) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        cannot_sync(failing.path());
        let mut drive = drive(failing.path());
        for failures in [1, 2] {
            drive.sync().await.expect("it does not panic");
            let health = drive.status.health();
            assert_eq!((health.status, health.errors["failed_syncs"]), (Verdict::Fail, failures));
        }
        let reason = drive.status.ready().expect_err("a person must look");
        assert!(reason.starts_with("the spool cannot be forced to the disk: "), "{reason}");
        drive.append(EntryKind::Frame, b"a frame");
        assert_eq!((drive.spool.end().n, drive.spool.lost()), (1, 0));
        drive.spool =
            Spool::open(sound.path(), &BTreeMap::new(), Received(0)).expect("the temporary folder is writable").0;
        drive.sync().await.expect("it does not panic");
        assert_eq!(drive.status.ready(), Ok(()));
    }
}
