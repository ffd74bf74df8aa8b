//! The whole path as values: spools, Redis and the database without I/O, between the shipping and the taking decisions
//! that the daemons run. Faults come at random; when they end, every frame that was ever spooled must be in the table
//! exactly once, or covered by a record of its loss.
//!
//! `FEED_MODEL_RUNS` sets the runs per fault class; `make model` prints the figures.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

mod database;
mod redis;
mod spools;
mod tally;
mod trusting_ids;
mod world;

use tally::Tally;
use world::{Law, Step, World};

/// Fault classes by name; each run mixes ordinary steps with the faults of one class.
const CLASSES: &[(&str, &[Step])] = &[
    ("none", &[]),
    ("kill of the collector", &[Step::KillCollector]),
    ("kill of the archiver", &[Step::KillArchiver, Step::UnclearCommit]),
    ("kill of redis", &[Step::KillRedis, Step::LoseTail]),
    ("kill of the database", &[Step::KillDatabase, Step::UnclearCommit]),
    ("flushall", &[Step::Flush]),
    ("trim and delete", &[Step::Trim, Step::DeleteTop]),
    ("a stranger's entry", &[Step::Stranger, Step::StrangerAhead, Step::StrangerCrowd, Step::StrangerInOurForm]),
    ("out of memory", &[Step::MemoryFull, Step::MemoryFree]),
    ("clock step", &[Step::ClockBack, Step::ClockForward]),
    ("restored database", &[Step::Snapshot, Step::Restore]),
    ("lost spool", &[Step::LoseSpool, Step::KillRedis, Step::KillArchiver]),
    ("torn spool and retention", &[Step::NewWriter, Step::Expire, Step::Snapshot, Step::Restore]),
    ("full disk", &[Step::DiskFull]),
    (
        "everything",
        &[
            Step::KillCollector,
            Step::KillArchiver,
            Step::UnclearCommit,
            Step::KillRedis,
            Step::LoseTail,
            Step::KillDatabase,
            Step::Flush,
            Step::Trim,
            Step::DeleteTop,
            Step::Stranger,
            Step::StrangerAhead,
            Step::StrangerCrowd,
            Step::StrangerInOurForm,
            Step::MemoryFull,
            Step::MemoryFree,
            Step::ClockBack,
            Step::ClockForward,
            Step::Snapshot,
            Step::Restore,
            Step::NewWriter,
            Step::Expire,
            Step::DiskFull,
        ],
    ),
];

const ORDINARY: &[Step] = &[
    Step::Frame,
    Step::Frame,
    Step::Frame,
    Step::Heartbeat,
    Step::Ship,
    Step::Ship,
    Step::CollectorSecond,
    Step::Take,
    Step::Take,
    Step::Commit,
    Step::ArchiverSecond,
];

fn runs() -> u32 {
    std::env::var("FEED_MODEL_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(400)
}

/// Steps of a run, each with a number that it may use (how many entries, where to cut).
fn steps(faults: &'static [Step]) -> impl Strategy<Value = Vec<(Step, u8)>> {
    let ordinary = proptest::sample::select(ORDINARY).boxed();
    let step = match faults {
        [] => ordinary,
        faults => prop_oneof![6 => ordinary, 1 => proptest::sample::select(faults)].boxed(),
    };
    proptest::collection::vec((step, any::<u8>()), 0..160)
}

fn run(law: Law, steps: &[(Step, u8)]) -> Result<Tally, String> {
    let mut world = World::new(law);
    for (step, number) in steps {
        world.step(*step, *number);
    }
    world.heal()?;
    Ok(world.tally())
}

#[test]
fn nothing_is_lost_without_a_record_and_nothing_is_doubled() {
    for (class, faults) in CLASSES {
        let mut runner = TestRunner::new(Config { cases: runs(), failure_persistence: None, ..Config::default() });
        let total = Cell::new(Tally::default());
        let result = runner.run(&steps(faults), |steps| {
            let tally = run(Law::Counter, &steps).map_err(TestCaseError::fail)?;
            let mut sum = total.get();
            sum += tally;
            total.set(sum);
            prop_assert!(tally.is_right(), "{tally}");
            Ok(())
        });
        assert!(result.is_ok(), "{class}: {}", result.err().map(|error| error.to_string()).unwrap_or_default());
        report("n decides", class, total.get());
    }
}

/// Redis loses its newest entries while a new writer begins, and grows up again to the very id that was read last.
#[test]
fn a_stream_that_grows_up_to_what_was_read_is_noticed() {
    let frames = |count: usize| vec![(Step::Frame, 0); count];
    let steps = [
        frames(6),
        vec![(Step::Ship, 3), (Step::Take, 123), (Step::ClockBack, 3)],
        frames(6),
        vec![(Step::Ship, 2), (Step::Take, 10), (Step::NewWriter, 0), (Step::Commit, 0)],
        frames(1),
        vec![(Step::Ship, 140), (Step::Commit, 0)],
        frames(5),
        vec![(Step::Take, 108)],
        frames(6),
        vec![(Step::Commit, 0), (Step::LoseTail, 0)],
    ];
    let tally = run(Law::Counter, &steps.concat()).expect("the daemons come to rest");
    assert!(tally.is_right(), "{tally}");
}

/// Redis is full, so that the collector cannot say how much its spool holds, and somebody trims what was not read yet.
#[test]
fn an_entry_beyond_what_the_spool_is_said_to_hold_is_not_forgotten() {
    let frames = |count: usize| vec![(Step::Frame, 0); count];
    let steps = [
        frames(7),
        vec![(Step::Ship, 0), (Step::DiskFull, 139)],
        frames(2),
        vec![(Step::Ship, 142)],
        frames(1),
        vec![(Step::Ship, 2), (Step::Stranger, 0), (Step::MemoryFull, 0), (Step::Trim, 50)],
        vec![(Step::Take, 0), (Step::ArchiverSecond, 0)],
    ];
    let tally = run(Law::Counter, &steps.concat()).expect("the daemons come to rest");
    assert!(tally.is_right(), "{tally}");
}

/// After a FLUSHALL the stream grows up to the very id that was read last, and the entry there is a stranger's.
#[test]
fn a_stranger_at_the_very_id_that_was_read_hides_nothing() {
    let frames = |count: usize| vec![(Step::Frame, 0); count];
    let steps = [
        vec![(Step::Frame, 0), (Step::StrangerAhead, 0)],
        frames(4),
        vec![(Step::NewWriter, 0), (Step::Take, 0)],
        frames(3),
        vec![(Step::Flush, 0)],
        frames(3),
        vec![(Step::Ship, 0), (Step::Ship, 35), (Step::StrangerAhead, 0)],
    ];
    let tally = run(Law::Counter, &steps.concat()).expect("the daemons come to rest");
    assert!(tally.is_right(), "{tally}");
}

/// The protocol that trusts stream ids must be caught by the same test: this is how we know that it can fail.
#[test]
fn a_model_that_trusts_ids_is_caught() {
    for &(class, faults) in CLASSES {
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let mut total = Tally::default();
        for _ in 0..runs() {
            let steps = steps(faults).new_tree(&mut runner).expect("steps are never rejected").current();
            total += run(Law::Ids, &steps).unwrap_or_default();
        }
        report("ids trusted", class, total);
        if ["flushall", "trim and delete", "a stranger's entry", "restored database"].contains(&class) {
            assert!(total.lost > 0, "the model that trusts ids got through {class:?}");
        }
    }
}

#[expect(clippy::print_stdout, reason = "the figures are part of what the test is for")]
fn report(law: &str, class: &str, tally: Tally) {
    println!("{law:<11}  {class:<24}  {:>6} runs  {tally}", runs());
}
