//! What ends a run without a result, told once, at the top: the excerpt of a mistake in a file, or the chain of causes.

use crate::config::{ConfigError, Mistake};
use crate::exit::Exit;
use crate::screen::{self, Screen};

/// Tells `error` on stderr. Whatever keeps feedctl from its work is the user's to put right: usage, configuration, a
/// file that cannot be written.
pub(crate) fn tell(error: &anyhow::Error, screen: Screen) -> Exit {
    screen::tell(&format!("{}\n", text(error, screen)));
    Exit::Usage
}

fn text(error: &anyhow::Error, screen: Screen) -> String {
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Mistake(mistake)) => Mistake::show(mistake, screen.rich),
        _ => format!("error: {error:#}"),
    }
}
