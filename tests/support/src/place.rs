//! Where things are: the checkout, the built binaries, free ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

/// The folder of docker-compose.yml.
pub fn checkout() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies two folders below the checkout")
}

/// A binary of this workspace, built into the folder above the test executable's.
///
/// # Panics
/// When it is not there: `cargo test` alone does not build the binaries of other crates.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has an executable");
    let path = test.ancestors().nth(2).expect("cargo puts tests into deps/").join(name);
    assert!(path.is_file(), "{} is missing: run `make test`, which builds it", path.display());
    path
}

/// Free ports lie below those that the kernel hands out (from 32768 on), so that no connection made in the meantime can
/// take one away; and every call in this process gives another.
pub(crate) fn free_address() -> SocketAddr {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two test processes at once begin at different places.
    let start = (std::process::id() % 97) as u16 * 120;
    let candidate = || {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + offset % COUNT))
    };
    let free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    std::iter::repeat_with(candidate).take(COUNT.into()).find(free).expect("not all ports are taken")
}
