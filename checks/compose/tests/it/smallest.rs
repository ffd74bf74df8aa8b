//! The smallest project that still shows a disagreement: files, then stretches of lines, then words of the command are left
//! out as long as the class of the disagreement stays.

use crate::judge::judge;
use crate::situation::Situation;

/// Each is two readings; enough for a project of a few hundred lines.
const TRIES: usize = 200;

pub(crate) fn smallest(situation: &Situation, class: &str) -> Situation {
    let mut left = TRIES;
    let mut still = |candidate: &Situation| {
        left = left.saturating_sub(1);
        left > 0 && judge(candidate).disagreement.is_some_and(|disagreement| disagreement.class == class)
    };
    let mut small = situation.clone();
    for name in situation.files.keys() {
        let mut candidate = small.clone();
        candidate.files.remove(name);
        keep(&mut small, candidate, &mut still);
    }
    for name in situation.command.environment.keys() {
        let mut candidate = small.clone();
        candidate.command.environment.remove(name);
        keep(&mut small, candidate, &mut still);
    }
    for option in (0..situation.command.options.len()).step_by(2).rev() {
        let mut candidate = small.clone();
        candidate.command.options.drain(option..option + 2);
        keep(&mut small, candidate, &mut still);
    }
    for name in small.files.clone().keys() {
        shrink(&mut small, name, &mut still);
    }
    small
}

fn keep(small: &mut Situation, candidate: Situation, still: &mut impl FnMut(&Situation) -> bool) -> bool {
    let keeps = still(&candidate);
    if keeps {
        *small = candidate;
    }
    keeps
}

/// Ever shorter stretches of lines are left out, down to one.
fn shrink(small: &mut Situation, name: &str, still: &mut impl FnMut(&Situation) -> bool) {
    let lines = |situation: &Situation| {
        situation.files[name].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let mut length = lines(small).len();
    while length > 0 {
        let mut at = 0;
        while at < lines(small).len() {
            let mut rest = lines(small);
            rest.drain(at..(at + length).min(rest.len()));
            let mut candidate = small.clone();
            candidate.files.insert(name.to_owned(), rest.concat());
            if !keep(small, candidate, still) {
                at += length;
            }
        }
        length /= 2;
    }
}
