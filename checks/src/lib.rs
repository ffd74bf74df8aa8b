//! The deployment checklist as code: it looks at a running feed and judges what it saw. It never changes anything.
//!
//! [`target`] is what should be there, [`site`] where we look, [`moment`] when. [`checklist`] is the table of checks,
//! [`run`] drives it, and [`report`] is what comes out: plain data, which only `feedctl` knows how to show.
//!
//! Architecture invariant: no client that can change anything is reachable from here. Containers are listed and
//! inspected, Redis is asked read commands only, SQL runs in read-only transactions, HTTP is GET.

pub mod check;
pub mod checklist;
pub mod finding;
pub mod limits;
pub mod moment;
pub mod report;
pub mod run;
pub mod sight;
pub mod site;
pub mod speech;
pub mod target;
pub mod timespan;

#[cfg(test)]
mod fixture;
