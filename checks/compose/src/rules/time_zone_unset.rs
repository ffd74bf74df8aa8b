//! `time-zone-unset`: a schedule whose hour is that of an unknown time zone.

use super::state_without_volume::words::words;
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::Node;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "time-zone-unset",
        title: "a schedule runs at an hour that nobody has named",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service with a schedule of cron that names an hour (`0 9 * * 1-5`, in a variable, a label or the command), and with no time
  zone: no variable that ends in `TZ` or `TIMEZONE`, and not the host's /etc/localtime.
Why it matters
  In a container the zone is UTC, whatever the host's is. What should run at the open in Seoul, at 09:00, runs at 18:00, after
  the close, every day and without an error; elsewhere it moves by an hour twice a year.
What to do
  Write `TZ: Asia/Seoul`, or `TZ: UTC` where that is meant. An image without the table of zones (Alpine without tzdata) reads an
  unknown name as UTC: look once with `docker compose exec SERVICE date`.
Not the same advice elsewhere
  Some guides want TZ in every container. A feed's times carry their zone, and a market's open is that of its calendar, so a
  service without a schedule does not care; only a bare hour does.
Source
  POSIX, Other environment variables: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
";

const BAD: &str = r#"
services:
  report:
    image: app:1.4.2
    environment:
      SCHEDULE: 0 9 * * 1-5
#               ^^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  report:
    image: app:1.4.2
    environment:
      SCHEDULE: 0 9 * * 1-5
      TZ: Asia/Seoul
  often:
    image: app:1.4.2
    environment:
      SCHEDULE: "*/5 * * * *"
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.services.values().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    let schedule = schedule(service)?;
    let zone = zones(service).next();
    if zone.is_some_and(|zone| zone.as_text() == Some("") && zone.lacks_a_variable()) {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, zone?, "the time zone"));
    }
    if zone.is_some() || sees_the_hosts(service) {
        return None;
    }
    let message = format!("the schedule of `{name}` runs in UTC, wherever the host is");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, schedule.origin.span, message)
        .label("an hour without a time zone")
        .consequence("what should run at 09:00 in Seoul runs at 18:00, after the close, without an error")
        .remedy("add `TZ: Asia/Seoul` to its environment, or `TZ: UTC` if that is meant")
        .otherwise("if its image sets the zone: `# feedctl: allow time-zone-unset: the image sets it`");
    Some(finding)
}

fn entries<'a>(service: &Service<'a>, key: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
    let map = service.node.get(key).and_then(Node::as_map).into_iter().flatten();
    map.map(|(name, entry)| (name.as_str(), &entry.node))
}

fn schedule<'a>(service: &Service<'a>) -> Option<&'a Node> {
    let values = ["environment", "labels"].into_iter().flat_map(|key| entries(service, key)).map(|(_, node)| node);
    let mut written = values.filter(|node| node.as_text().is_some_and(names_an_hour));
    let words = words(service);
    written.next().or_else(|| words.iter().find(|word| names_an_hour(&word.text)).map(|word| word.node))
}

/// Whatever its name makes of it: `TZ`, `CRON_TZ`, `PGTZ`, `TIMEZONE`.
fn zones<'a>(service: &Service<'a>) -> impl Iterator<Item = &'a Node> {
    let values = ["environment", "labels"].into_iter().flat_map(|key| entries(service, key));
    let is_zone = |name: &str| {
        let name = name.to_ascii_lowercase().replace(['_', '-', '.'], "");
        name.ends_with("tz") || name.ends_with("timezone")
    };
    values.filter(move |(name, _)| is_zone(name)).map(|(_, node)| node)
}

fn sees_the_hosts(service: &Service<'_>) -> bool {
    let volumes = service.node.get("volumes").and_then(Node::as_list).unwrap_or_default();
    let mut targets = volumes.iter().filter_map(|volume| volume.get("target")?.as_text());
    targets.any(|target| matches!(target, "/etc/localtime" | "/etc/timezone"))
}

/// Five fields, or six with the seconds before, of which that of the hour is a number.
fn names_an_hour(text: &str) -> bool {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_field = |field: &&str| {
        let mut parts = field.split([',', '-', '/', '#']);
        parts.all(|part| matches!(part, "*" | "?" | "L" | "W") || is_number(part) || is_name(part))
    };
    let hour = match fields.len() {
        5 => fields[1],
        6 => fields[2],
        _ => return false,
    };
    let starts_at = |field: &str| field.split([',', '-', '/']).next().is_some_and(is_number);
    let some_day = fields.iter().any(|field| field.starts_with(['*', '?']));
    starts_at(hour) && some_day && fields.iter().all(is_field) && !is_name(fields[0])
}

/// Of a day or a month.
fn is_name(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::{RULE, names_an_hour};
    use crate::finding::Certainty;
    use crate::fixture;

    #[test]
    fn schedules() {
        for text in ["0 9 * * 1-5", "30 8 * * MON-FRI", "0 0 9 * * *", "0 9,15 1 * ?", " 5  0-6 * * * "] {
            assert!(names_an_hour(text), "{text}");
        }
        for text in ["*/5 * * * *", "0 * * * *", "0 */2 * * *", "0 0 */2 * * *", "1 2 3 4 5", "9 * *", "@daily", ""] {
            assert!(!names_an_hour(text), "{text}");
        }
        for text in ["CRON_TZ=UTC 0 9 * * *", "run 9 * * 1", "find 1 * 2 -name", "the 5 * best ones"] {
            assert!(!names_an_hour(text), "{text}");
        }
    }

    fn check(service: &str, expected: Option<Certainty>) {
        let found = fixture::found(&RULE.meta, &format!("services: {{app: {{image: 'app:1', {service}}}}}"))
            .map(|(_, certainty)| certainty);
        assert_eq!(found, expected, "{service}");
    }

    #[test]
    fn whose_hour_it_is() {
        let seen = Some(Certainty::Seen);
        check("environment: {AT: '0 9 * * *'}", seen);
        check("labels: {ofelia.job.schedule: '0 0 9 * * *'}", seen);
        check("command: [job, --at, '0 9 * * *']", seen);
        check("command: job --at \"0 9 * * *\"", seen);
        check("environment: {AT: '0 9 * * *', TZ: UTC}", None);
        check("environment: [AT=0 9 * * *, CRON_TZ=Asia/Seoul]", None);
        check("environment: {AT: '0 9 * * *'}, labels: {swarm.cronjob.timezone: Asia/Seoul}", None);
        check("environment: {AT: '0 9 * * *'}, volumes: ['/etc/localtime:/etc/localtime:ro']", None);
        check("environment: {AT: '0 9 * * *', TZ: '$ZONE'}", Some(Certainty::Unresolved));
        check("", None);
    }
}
