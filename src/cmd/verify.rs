//! `feedctl verify`: one look at the whole path, or several until it is whole, and one verdict.
//!
//! It changes nothing. The clock is read here, and handed to what judges.

use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{Local, Utc};
use clap::builder::PossibleValuesParser;
use feedctl_checks::check::Check;
use feedctl_checks::checklist::restart_policy::RestartPolicy;
use feedctl_checks::moment::Moment;
use feedctl_checks::report::{Outcome, Report, Status};
use feedctl_checks::run::{self, Rules};
use feedctl_checks::site::Site;
use feedctl_checks::timespan::Timespan;

use crate::cli::Global;
use crate::config::{self, Config, Environment};
use crate::exit::Exit;
use crate::render;
use crate::screen::{self, Screen};

use progress::Progress;

mod progress;
pub(crate) mod selection;

/// Between two looks of `--within`.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
#[command(after_long_help = config::reference())]
pub(crate) struct Args {
    /// Look only at these checks
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave these checks out
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    skip: Vec<String>,
    /// Look again until every required check passes, for at most this long
    ///
    /// Ends at once when `restart-policy` fails: a container gets another policy from a person only. An absent or
    /// stopped container is waited for; it may still be on its way up.
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    within: Timespan,
    /// The form of the report
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = formats())]
    format: String,
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(render::formats("verify").map(|format| format.name))
}

pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let rows = selection::select(&args.only, &args.skip)?;
    let folder = std::env::current_dir().context("cannot tell the working folder")?;
    let config = Config::load(global.config.as_deref(), &folder, Environment::of_process())?;
    let format = render::formats("verify").find(|format| format.name == args.format);
    let format = format.expect("clap takes only the names of this table");
    let rules = Rules { limits: config.limits, optional: config.optional };

    let clock = || Moment::new(Utc::now(), *Local::now().offset(), &config.target);
    let progress = Progress::on(Screen::of_stderr(global.color).width.is_some());
    let started = Instant::now();
    let report = loop {
        let site = Site::new(config.access.clone());
        let report = run::run(&rows, &site, &config.target, &rules, clock, |open| progress.looking(open)).await;
        progress.clear();
        let left = args.within.0.saturating_sub(started.elapsed());
        if Exit::of(&report) == Exit::Passed || left.is_zero() || is_past_waiting(&report) {
            break report;
        }
        progress.waiting(&report, left);
        tokio::time::sleep(PAUSE.min(left)).await;
    };
    screen::print(&(format.write)(&report, Screen::of_stdout(global.color)))?;
    Ok(Exit::of(&report))
}

/// Whether no waiting can heal what failed. A container that is absent, created or restarting may still come up while
/// others start; under its policy a container does not change by itself.
fn is_past_waiting(report: &Report) -> bool {
    let failed = |outcome: &Outcome| outcome.required && outcome.status() == Status::Fail;
    report.outcomes.iter().any(|outcome| outcome.check.id == RestartPolicy::META.id && failed(outcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::dummy;

    #[test]
    fn only_a_restart_policy_is_past_waiting() {
        let check = |report: &Report, expected| assert_eq!(is_past_waiting(report), expected);
        check(&dummy::healthy(), false);
        check(&dummy::unknown(), false);
        let mut incident = dummy::incident();
        check(&incident, true);
        incident.outcomes.retain(|outcome| outcome.check.id != RestartPolicy::META.id);
        check(&incident, false);
    }

    /// Everything that verify can show about servers that refuse the connection, with secrets on the way to each.
    #[tokio::test]
    async fn no_output_holds_a_secret() {
        const SECRETS: [&str; 2] = ["hunter2", "swordfish"];
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("the temporary folder is writable");
        };
        write("feedctl.yml", SECRET_STACK);
        write("url", "redis://feed:hunter2@127.0.0.1:1/0\n");
        let url = ("DATABASE_URL".to_owned(), "postgres://feedctl_reader:swordfish@127.0.0.1:1/feed".to_owned());

        let config =
            Config::load(None, folder.path(), [url].into_iter().collect()).unwrap_or_else(|error| panic!("{error:#}"));
        let access = format!("{:?}", config.access);
        let rules = Rules { limits: config.limits, optional: config.optional };
        let rows = selection::select(&[], &[]).expect("nothing to look up");
        let clock = || Moment::new(Utc::now(), *Local::now().offset(), &config.target);
        let report = run::run(&rows, &Site::new(config.access), &config.target, &rules, clock, |_| ()).await;
        assert_eq!(Exit::of(&report), Exit::Failed);

        let screens = [Screen { rich: false, width: None }, Screen { rich: true, width: Some(80) }];
        let mut shown = vec![access, format!("{report:?}")];
        for format in render::formats("verify") {
            shown.extend(screens.map(|screen| (format.write)(&report, screen)));
        }
        for (text, secret) in shown.iter().flat_map(|text| SECRETS.map(|secret| (text, secret))) {
            assert!(!text.contains(secret), "{secret} is shown:\n{text}");
        }
    }

    const SECRET_STACK: &str = "\
version: 1
project: feed
docker: none
redis: {url_file: url}
database: {url_env: DATABASE_URL}
feeds:
  kr: {market: always, flow: {stream: \"ticks:{kr}\"}, rows: {}}
health: {collector: \"http://127.0.0.1:1/health\"}
";
}
