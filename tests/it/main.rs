//! The integration tests: one binary, a module per subject. `rig` and `account` serve several: the path as processes, and
//! the proof of what went through it.

mod account;
mod chaos;
mod checklist;
mod decode;
mod layers;
mod model;
mod pipeline;
mod rig;
mod ticker;
mod verify;
