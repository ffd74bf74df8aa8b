//! The collector's command line and environment. Every setting is a variable, so that a compose file can hold it; every
//! secret may also be a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use feed::kis::Subscriptions;
use feed::kis::request::{AppKey, AppSecret};
use feed::market::Market;
use feed_runtime::secret::{SecretError, required};
use secrecy::SecretString;

use crate::broker::Addresses;

/// Records what the broker sends: WebSocket to spool to Redis stream.
///
/// Runs until SIGTERM, then unregisters, closes its session and ships what it can. Exits with 0 after a clean stop,
/// 1 when it could not start or `health` says no, 2 for a wrong setting.
#[derive(Debug, Parser)]
#[command(name = "feed-collector", version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask this collector's own /readyz: exits with 0 when it is ready, 1 when not. For a container's healthcheck.
    Health,
}

#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Address of the broker's WebSocket.
    #[arg(long, env = "FEED_KIS_WS_URL", default_value = "ws://ops.koreainvestment.com:21000/tryitout")]
    kis_ws_url: String,
    /// Address of the broker's REST interface, which gives the approval key.
    #[arg(long, env = "FEED_KIS_REST_URL", default_value = "https://openapi.koreainvestment.com:9443")]
    kis_rest_url: String,
    /// App key of the account.
    #[arg(long, env = "FEED_KIS_APPKEY", hide_env_values = true)]
    kis_appkey: Option<SecretString>,
    /// File that holds the app key.
    #[arg(long, env = "FEED_KIS_APPKEY_FILE")]
    kis_appkey_file: Option<PathBuf>,
    /// App secret of the account.
    #[arg(long, env = "FEED_KIS_APPSECRET", hide_env_values = true)]
    kis_appsecret: Option<SecretString>,
    /// File that holds the app secret.
    #[arg(long, env = "FEED_KIS_APPSECRET_FILE")]
    kis_appsecret_file: Option<PathBuf>,
    /// What to collect, at most 41: `H0STCNT0:005930,HDFSCNT0:DNASAAPL`.
    #[arg(long, env = "FEED_SUBSCRIPTIONS", default_value = "H0STCNT0:005930")]
    pub subscriptions: Subscriptions,
    /// Redis stream to write to; one collector, one stream.
    #[arg(long, env = "FEED_STREAM", default_value = "ticks:{kr}")]
    pub stream: String,
    /// Redis, as redis://[:password@]host:port/database.
    #[arg(long, env = "FEED_REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    /// File that holds the Redis URL.
    #[arg(long, env = "FEED_REDIS_URL_FILE")]
    redis_url_file: Option<PathBuf>,
    /// Folder of the spool; it must outlive the container.
    #[arg(long, env = "FEED_SPOOL_DIR", default_value = "spool")]
    pub spool_dir: PathBuf,
    /// How long committed frames stay in the spool, in hours: a database restored from an older dump gets them again.
    #[arg(long, env = "FEED_SPOOL_KEEP", default_value = "26h", value_parser = hours)]
    pub spool_keep: Duration,
    /// Entries that may lie in Redis beyond what the archiver has committed; the rest waits on disk.
    #[arg(long, env = "FEED_WINDOW", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub window: u64,
    /// When to hold a session: `always`.
    #[arg(long, env = "FEED_MARKET_HOURS", default_value = "always")]
    pub market_hours: Market,
    /// Shortest wait after the broker says that the app key is in use, in seconds; it grows with each refusal.
    #[arg(long, env = "FEED_IN_USE_WAIT", default_value = "45s", value_parser = seconds)]
    pub in_use_wait: Duration,
    /// Where /health/collector, /livez, /readyz and /metrics answer.
    #[arg(long, env = "FEED_HTTP_ADDR", default_value = "127.0.0.1:9101")]
    pub http_addr: SocketAddr,
}

impl Settings {
    pub fn addresses(&self) -> Result<Addresses, SecretError> {
        let key = required("FEED_KIS_APPKEY", self.kis_appkey.clone(), self.kis_appkey_file.as_deref())?;
        let secret = required("FEED_KIS_APPSECRET", self.kis_appsecret.clone(), self.kis_appsecret_file.as_deref())?;
        Ok(Addresses {
            websocket: self.kis_ws_url.clone(),
            rest: self.kis_rest_url.clone(),
            key: AppKey::new(key),
            secret: AppSecret::new(secret),
        })
    }

    pub fn redis_url(&self) -> Result<SecretString, SecretError> {
        required("FEED_REDIS_URL", self.redis_url.clone(), self.redis_url_file.as_deref())
    }
}

fn hours(text: &str) -> Result<Duration, String> {
    number(text, "hours", 'h').map(|hours| Duration::from_secs(hours.saturating_mul(3600)))
}

fn seconds(text: &str) -> Result<Duration, String> {
    number(text, "seconds", 's').map(Duration::from_secs)
}

fn number(text: &str, name: &str, unit: char) -> Result<u64, String> {
    let number = text.strip_suffix(unit).and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("write a whole number of {name}, like 26{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expected: Result<(), &str>) {
        let words = std::iter::once("feed-collector").chain(arguments.iter().copied());
        let got = Args::try_parse_from(words).map(drop).map_err(|error| error.to_string());
        match expected {
            Ok(()) => assert_eq!(got, Ok(())),
            Err(part) => assert!(got.clone().is_err_and(|text| text.contains(part)), "{part:?} is not in {got:?}"),
        }
    }

    #[test]
    fn a_wrong_setting_is_named() {
        check(&["--spool-keep", "26h", "--in-use-wait", "45s"], Ok(()));
        check(&["--spool-keep", "26"], Err("write a whole number of hours, like 26h"));
        check(&["--in-use-wait", "1m"], Err("write a whole number of seconds, like 26s"));
        check(&["--subscriptions", "H0STCNT0"], Err("cannot read subscription"));
        check(&["--market-hours", "krx"], Err("this version knows always"));
        check(&["--window", "0"], Err("'--window <WINDOW>'"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let args = Args::try_parse_from(["feed-collector", "--kis-appkey", "PSabc", "--redis-url", "redis://:pw@x"]);
        let text = format!("{:?}", args.expect("valid"));
        assert!(!text.contains("PSabc") && !text.contains(":pw@"), "{text}");
    }
}
