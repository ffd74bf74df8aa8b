//! What the reader has in front of them: a terminal or a pipe, how wide, and whether it may be coloured. And the two
//! doors out: results to stdout, everything else to stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// How a result may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Colour and drawn symbols; otherwise plain ASCII words.
    pub(crate) rich: bool,
    /// Columns to wrap at; `None` in a pipe, where one fact is one line.
    pub(crate) width: Option<u16>,
}

impl Screen {
    pub(crate) fn of_stdout(color: Color) -> Self {
        Self::of(&io::stdout(), color)
    }

    pub(crate) fn of_stderr(color: Color) -> Self {
        Self::of(&io::stderr(), color)
    }

    fn of(stream: &(impl IsTerminal + AsFd), color: Color) -> Self {
        let measured = || terminal_size::terminal_size_of(stream).map(|(width, _)| width.0).filter(|width| *width > 0);
        let terminal = stream.is_terminal();
        Self { rich: rich(color, terminal), width: terminal.then(|| measured().unwrap_or(80)) }
    }
}

fn rich(color: Color, terminal: bool) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match color {
        Color::Auto => terminal && !refused,
        Color::Always => true,
        Color::Never => false,
    }
}

/// Writes a result. A reader that went away (`feedctl verify | head -1`) has seen what it wanted: no error.
pub(crate) fn print(result: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(result.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes progress or an error. Nobody can be told when stderr itself is gone.
pub(crate) fn tell(message: &str) {
    let _ = io::stderr().lock().write_all(message.as_bytes());
}
