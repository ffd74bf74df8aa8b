//! The integration tests: one binary, a module per subject. `rig` and `account` serve several: the path as processes, and
//! the proof of what went through it.

mod account;
mod audit_compose;
mod audit_fix;
mod audit_hostile;
mod audit_sarif;
mod audit_secrets;
mod chaos;
mod checklist;
mod ci_examples;
mod decode;
mod feeds;
mod layers;
mod model;
mod pipeline;
mod restart_truth;
mod rig;
mod ticker;
mod verify;
