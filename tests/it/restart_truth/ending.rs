//! The only program of the truth table's image: it ends as its argument says. Compiled by the test with rustc alone, so that the image
//! is one small static file; a shell would bring an operating system with it.

use std::process::{abort, exit};

unsafe extern "C" {
    safe fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
}

extern "C" fn end(_: i32) {
    exit(0);
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("exit-0") => exit(0),
        Some("exit-1") => exit(1),
        Some("abort") => abort(),
        // The first process of a container ignores a signal that it has no handler for: it will be killed.
        Some("wait") => {}
        Some("wait-and-exit-0") => _ = signal(15, end),
        other => panic!("unknown ending {other:?}"),
    }
    loop {
        std::thread::park();
    }
}
