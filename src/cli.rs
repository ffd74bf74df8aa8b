//! The command line: what holds for every subcommand, and one line per subcommand. Its arguments live in its own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cmd::{audit_compose, checklist, decode, explain, verify};
use crate::exit::Exit;
use crate::screen::Color;

/// The deployment checklist as code for real-time market-data feeds
#[derive(Parser)]
#[command(name = "feedctl", version, after_help = Exit::help(), disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    command: Command,
}

const GLOBAL: &str = "Options of every command";

#[derive(Args)]
pub(crate) struct Global {
    /// Configuration; without it feedctl.yml in the working folder or the nearest folder above
    #[arg(short, long, global = true, help_heading = GLOBAL, value_name = "FILE", env = "FEEDCTL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// When to use colour and drawn symbols
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

#[derive(Subcommand)]
enum Command {
    /// Prove that data flows from the broker to the table, or name the first broken link
    Verify(verify::Args),
    /// Find in the compose files what would let a feed stay dead
    AuditCompose(audit_compose::Args),
    /// Explain a check: what it looks at, why, and what to do when it fails
    Explain(explain::Args),
    /// Write CHECKLIST.md from the checks, or compare it
    Checklist(checklist::Args),
    /// Print the ticks of captured frames as JSON lines
    Decode(decode::Args),
}

impl Cli {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Verify(args) => verify::run(args, &self.global).await,
            Command::AuditCompose(args) => audit_compose::run(args, &self.global),
            Command::Explain(args) => explain::run(&args),
            Command::Checklist(args) => checklist::run(&args),
            Command::Decode(args) => decode::run(&args),
        }
    }
}
