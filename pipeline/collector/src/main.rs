//! The collector's process: settings → build → run → drain. No logic.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use feed_collector::config::{Args, Command, Settings};
use feed_runtime::{http, logging};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    logging::init();
    let result = match args.command {
        Some(Command::Health) => http::ask_readyz(args.settings.http_addr).await.map_err(Into::into),
        None => collect(&args.settings).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the collector ends");
            ExitCode::FAILURE
        }
    }
}

async fn collect(settings: &Settings) -> anyhow::Result<()> {
    let collector = feed_collector::Collector::build(settings).await?;
    let shutdown = feed_runtime::shutdown::on_signals().context("cannot listen for signals")?;
    collector.run(shutdown).await
}
