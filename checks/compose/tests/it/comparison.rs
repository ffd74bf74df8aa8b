//! Many projects, each read twice: what was found, in figures and in the smallest projects that show it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::judge::{Answer, Disagreement, judge};
use crate::situation::Situation;
use crate::{known, oracle, smallest};

/// The machine has others to serve.
const THREADS: usize = 2;
/// More than this nobody reads; the figures count them all.
const SHOWN: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub accepted: usize,
    pub refused: usize,
    pub hanging: usize,
    /// The rows of `known-differences.md` that were seen.
    pub known: BTreeSet<&'static str>,
    /// The first of each class, with its label and how many there were.
    pub found: BTreeMap<String, Found>,
    /// By label, what the judge refused: for those who expect it.
    pub refusals: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Found {
    pub label: String,
    pub situation: Situation,
    pub disagreement: Disagreement,
    pub times: usize,
}

/// `project` gives the label and the project of each number below `count`.
pub(crate) fn compare(count: usize, project: impl Fn(usize) -> (String, Situation) + Sync) -> Comparison {
    oracle::must_be_there();
    let next = AtomicUsize::new(0);
    let comparison = Mutex::new(Comparison::default());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            let (label, situation) = project(number);
            let judgement = judge(&situation);
            let mut comparison = comparison.lock().expect("no thread panics while it counts");
            comparison.count(label, situation, judgement.theirs, judgement.disagreement);
        }
    };
    std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    comparison.into_inner().expect("no thread panics while it counts")
}

impl Comparison {
    fn count(&mut self, label: String, situation: Situation, theirs: Answer, disagreement: Option<Disagreement>) {
        match theirs {
            Answer::Accepted(_) => self.accepted += 1,
            Answer::Refused(reason) => {
                self.refused += 1;
                self.refusals.insert(label.clone(), reason);
            }
            Answer::Hangs => self.hanging += 1,
        }
        let Some(disagreement) = disagreement else { return };
        if let Some(row) = known::row(&situation, &disagreement) {
            self.known.insert(row);
            return;
        }
        let found = Found { label, situation, disagreement, times: 0 };
        self.found.entry(found.disagreement.class.clone()).or_insert(found).times += 1;
    }

    pub(crate) fn figures(&self) -> String {
        let disagreements: usize = self.found.values().map(|found| found.times).sum();
        let Self { accepted, refused, hanging, known, .. } = self;
        format!(
            "accepted {accepted}, refused {refused}, no end {hanging}, disagreements {disagreements}, known {known:?}"
        )
    }

    /// Fails with the smallest project of each class.
    pub(crate) fn must_agree(&self) {
        if self.found.is_empty() {
            return;
        }
        let mut found: Vec<&Found> = self.found.values().collect();
        found.sort_by_key(|found| std::cmp::Reverse(found.times));
        let shown = &found[..found.len().min(SHOWN)];
        let halves = shown.chunks(shown.len().div_ceil(THREADS));
        let half = |found: &[&Found]| found.iter().map(|found| found.smallest()).collect::<String>();
        let reports: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = halves.map(|found| scope.spawn(move || half(found))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
        });
        let mut report = self.figures() + &reports.concat();
        for found in found.iter().skip(SHOWN) {
            report += &format!("\n=== {}, {} times: {}", found.label, found.times, found.disagreement.class);
        }
        panic!("{report}");
    }
}

impl Found {
    fn smallest(&self) -> String {
        let small = smallest::smallest(&self.situation, &self.disagreement.class);
        let shown = judge(&small).disagreement;
        let shown = shown.as_ref().unwrap_or(&self.disagreement);
        format!("\n\n=== {}, {} times\n{shown}{small}", self.label, self.times)
    }
}
