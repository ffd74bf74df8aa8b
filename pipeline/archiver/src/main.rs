//! The archiver's process: settings → build → run → drain. No logic.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use feed_archiver::config::{Args, Command, Settings};
use feed_runtime::{http, logging};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    logging::init();
    let result = match args.command {
        Some(Command::Health) => http::ask_readyz(args.settings.http_addr).await.map_err(Into::into),
        None => archive(&args.settings).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the archiver ends");
            ExitCode::FAILURE
        }
    }
}

async fn archive(settings: &Settings) -> anyhow::Result<()> {
    let archiver = feed_archiver::Archiver::build(settings).await?;
    let shutdown = feed_runtime::shutdown::on_signals().context("cannot listen for signals")?;
    archiver.run(shutdown).await
}
