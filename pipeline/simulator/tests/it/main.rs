//! The simulator over real sockets, as a client sees it. Every wait is for a condition and has a bound.

mod client;
mod control;
mod decoder;
mod market;
mod rest;
mod session;
