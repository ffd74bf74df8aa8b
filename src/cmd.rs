//! The subcommands, one file each: its arguments and `run`. Wiring only; what they wire knows nothing of them.

pub(crate) mod audit_compose;
pub(crate) mod checklist;
pub(crate) mod decode;
pub(crate) mod explain;
pub(crate) mod verify;
