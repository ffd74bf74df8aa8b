//! `feedctl`: parse, run, exit. No logic lives here.

mod cli;
mod cmd;
mod config;
mod exit;
mod fault;
mod mask;
mod render;
mod screen;
mod suggest;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let screen = screen::Screen::of_stderr(cli.global.color);
    match cli.run().await {
        Ok(exit) => exit.into(),
        Err(error) => fault::tell(&error, screen).into(),
    }
}
