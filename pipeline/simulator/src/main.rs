//! The binary: flags or environment in, a simulator until a signal; `health` asks a running one, for a container without
//! a shell.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use feed_runtime::{http, logging, shutdown};
use feed_simulator::{AppKey, Key, Rate, Replay, Settings, Simulator, Width};
use tokio::net::TcpListener;

const CONTROL: &str = "\
Control:
  POST /control/rate?ticks_per_second=N
  POST /control/mute[?key=H0STCNT0:005930]     registered, acknowledged, silent
  POST /control/unmute[?key=H0STCNT0:005930]
  POST /control/drop[?appkey=A][&how=abort]    a proper close, or a reset
  GET  /control/sent                           ticks and volume per key, written to living sockets
  GET  /control/sessions                       each session so far, and how it ended
  GET  /control/log[?from=N]                   `session sequence frame` per line, with --keep-log";

/// A look-alike of the KIS Open API with scripted faults
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = CONTROL)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// WebSocket at any path, REST and /control at their own
    #[arg(
        long,
        env = "FEED_SIMULATOR_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:21000",
        global = true
    )]
    listen: SocketAddr,
    /// Ticks per second over all registered keys, up to 100000; 0 pauses
    #[arg(long, env = "FEED_SIMULATOR_RATE", value_name = "TICKS", default_value = "25")]
    rate: Rate,
    /// The most liquid first, such as H0STCNT0:005930,HDFSCNT0:DNASAAPL; any other key can be registered too
    #[arg(long, env = "FEED_SIMULATOR_SYMBOLS", value_name = "KEYS", value_delimiter = ',')]
    symbols: Vec<Key>,
    /// The same seed makes the same prices
    #[arg(long, env = "FEED_SIMULATOR_SEED", value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Fields of a domestic record: 46 or 47
    #[arg(long, env = "FEED_SIMULATOR_WIDTH", value_name = "FIELDS", default_value = "47")]
    width: Width,
    /// Captured frames, one a line, instead of the generated market
    #[arg(long, env = "FEED_SIMULATOR_REPLAY", value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Seconds without data until a PINGPONG
    #[arg(long, env = "FEED_SIMULATOR_IDLE", value_name = "SECONDS", default_value_t = 10)]
    idle: u64,
    /// Seconds that a session which broke off still holds its appkey
    #[arg(long, env = "FEED_SIMULATOR_LINGER", value_name = "SECONDS", default_value_t = 0)]
    linger: u64,
    /// Keep every frame in memory for /control/log
    #[arg(long, env = "FEED_SIMULATOR_KEEP_LOG")]
    keep_log: bool,
    /// Let markets go on while nobody hears them
    #[arg(long, env = "FEED_SIMULATOR_TRADE_UNSEEN")]
    trade_unseen: bool,
    /// The only appkeys that are accepted; without it any is
    #[arg(long, env = "FEED_SIMULATOR_APPKEYS", value_name = "APPKEYS", value_delimiter = ',', hide_env_values = true)]
    appkeys: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask a running simulator whether it works; exit 0 or 1
    Health,
}

#[tokio::main]
async fn main() -> ExitCode {
    logging::init();
    let args = Args::parse();
    let done = match args.command {
        Some(Command::Health) => http::ask_readyz(args.listen).await.map_err(anyhow::Error::from),
        None => run(args).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let stop = shutdown::on_signals()?;
    let address = args.listen;
    let settings = settings(args)?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listen on {address}"))?;
    let simulator = Simulator::start(listener, settings)?;
    tracing::info!(address = %simulator.address(), "serving");
    stop.cancelled().await;
    simulator.stop().await;
    Ok(())
}

fn settings(args: Args) -> anyhow::Result<Settings> {
    let read = |path: PathBuf| -> anyhow::Result<Replay> {
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Replay::read(&text).with_context(|| format!("replay {}", path.display()))
    };
    Ok(Settings {
        rate: args.rate,
        symbols: args.symbols,
        seed: args.seed,
        width: args.width,
        replay: args.replay.map(read).transpose()?,
        idle: Duration::from_secs(args.idle),
        linger: Duration::from_secs(args.linger),
        keep_log: args.keep_log,
        trade_unseen: args.trade_unseen,
        appkeys: args.appkeys.into_iter().map(AppKey).collect(),
    })
}
