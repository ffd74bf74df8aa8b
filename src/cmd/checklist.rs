//! `feedctl checklist`: CHECKLIST.md, the checks as a page to read. It is generated, so that it cannot disagree.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::ArgGroup;
use feedctl_checks::checklist::CHECKLIST;

use crate::exit::Exit;
use crate::screen;

#[derive(clap::Args)]
#[command(group(ArgGroup::new("what").required(true).args(["write", "check"])))]
pub(crate) struct Args {
    /// Write the file
    #[arg(long)]
    write: bool,
    /// Compare the file with what would be written; exit 1 if they differ
    #[arg(long)]
    check: bool,
    /// The file
    #[arg(long, value_name = "FILE", default_value = "CHECKLIST.md")]
    file: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let shown = args.file.display();
    if args.write {
        fs::write(&args.file, page()).with_context(|| format!("cannot write {shown}"))?;
        return Ok(Exit::Passed);
    }
    let found = fs::read_to_string(&args.file).with_context(|| format!("cannot read {shown}"))?;
    if found == page() {
        return Ok(Exit::Passed);
    }
    screen::tell(&format!("{shown} is not what the checks say: run `feedctl checklist --write`\n"));
    Ok(Exit::Failed)
}

/// The whole page: the table, then each check's own explanation.
fn page() -> String {
    let mut page = String::from(
        "# Checklist\n\n\
         What `feedctl verify` looks at, in the order of the path. Generated from the checks themselves by\n\
         `feedctl checklist --write`; `feedctl explain ID` prints one of them.\n\n\
         | check | proves |\n|---|---|\n",
    );
    for row in CHECKLIST {
        page += &format!("| [`{id}`](#{id}) | {} |\n", row.meta.title, id = row.meta.id);
    }
    for row in CHECKLIST {
        page += &format!("\n## {}\n\n{}", row.meta.id, markdown(row.meta.explain));
    }
    page
}

/// An explanation's headings stand at the margin, its text is indented.
fn markdown(explain: &str) -> String {
    let lines = explain.trim().lines().map(|line| match line.strip_prefix("  ") {
        None if line.is_empty() => "\n".to_owned(),
        None => format!("**{line}**\n\n"),
        Some(text) => format!("{text}\n"),
    });
    lines.collect()
}
