//! `feedctl explain [ID]`: what a check looks at, why, and what to do; without an id the list. Needs no configuration.

use feedctl_checks::check::Meta;
use feedctl_checks::checklist::CHECKLIST;

use crate::cmd::verify::selection;
use crate::exit::Exit;
use crate::screen;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A check, as verify names it; without one, all of them
    id: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let text = match &args.id {
        None => list(),
        Some(id) => explanation(selection::find(id)?),
    };
    screen::print(&text)?;
    Ok(Exit::Passed)
}

fn list() -> String {
    let width = CHECKLIST.iter().map(|row| row.meta.id.len()).max().unwrap_or(0);
    CHECKLIST.iter().map(|row| format!("{:width$}  {}\n", row.meta.id, row.meta.title)).collect()
}

fn explanation(meta: &Meta) -> String {
    format!("{}: {}\n\n{}\n", meta.id, meta.title, meta.explain.trim())
}
