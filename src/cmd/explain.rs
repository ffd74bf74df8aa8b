//! `feedctl explain [ID]`: what a check looks at or a rule finds, why, and what to do; without an id the list. Needs no
//! configuration.

use feedctl_checks::checklist::CHECKLIST;
use feedctl_compose::audit;

use crate::exit::Exit;
use crate::screen;
use crate::suggest;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A check of verify or a rule of audit-compose; without one, all of them
    id: Option<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no check and no rule is named `{id}`: {}", near.map_or("`feedctl explain` lists them".to_owned(), |near| format!("did you mean `{near}`?")))]
struct UnknownId {
    id: String,
    near: Option<&'static str>,
}

/// What can be explained.
struct Topic {
    id: &'static str,
    title: &'static str,
    text: String,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let text = match &args.id {
        None => list(),
        Some(id) => explanation(id)?,
    };
    screen::print(&text)?;
    Ok(Exit::Passed)
}

fn checks() -> impl Iterator<Item = Topic> {
    CHECKLIST.iter().map(|row| Topic {
        id: row.meta.id,
        title: row.meta.title,
        text: row.meta.explain.trim().to_owned(),
    })
}

fn rules() -> impl Iterator<Item = Topic> {
    audit::metas().map(|meta| {
        let text = format!("{}\n\nBad\n{}\n\nGood\n{}", meta.explain.trim(), shown(meta.bad), shown(meta.good));
        Topic { id: meta.id, title: meta.title, text }
    })
}

/// An example, indented like the text of the explanation.
fn shown(example: &str) -> String {
    example.trim().lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn list() -> String {
    let width = checks().chain(rules()).map(|topic| topic.id.len()).max().unwrap_or(0);
    let lines = |topics: &mut dyn Iterator<Item = Topic>| -> String {
        topics.map(|topic| format!("  {:width$}  {}\n", topic.id, topic.title)).collect()
    };
    format!(
        "checks of `feedctl verify`\n{}\nrules of `feedctl audit-compose`\n{}",
        lines(&mut checks()),
        lines(&mut rules())
    )
}

fn explanation(id: &str) -> Result<String, UnknownId> {
    let topic = checks().chain(rules()).find(|topic| topic.id == id).ok_or_else(|| UnknownId {
        id: id.to_owned(),
        near: suggest::closest(id, checks().chain(rules()).map(|topic| topic.id)),
    })?;
    Ok(format!("{}: {}\n\n{}\n", topic.id, topic.title, topic.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, expected: Result<&str, &str>) {
        let told = explanation(id).map_err(|error| error.to_string());
        let told = told.as_ref().map(|text| text.lines().next().unwrap_or_default()).map_err(String::as_str);
        assert_eq!(told, expected);
    }

    #[test]
    fn checks_and_rules_are_explained_by_the_same_command() {
        check("rows-fresh", Ok("rows-fresh: the newest row in the table is young"));
        check("restart-missing", Ok("restart-missing: nothing starts the container again"));
        check("restart-mising", Err("no check and no rule is named `restart-mising`: did you mean `restart-missing`?"));
        check("everything", Err("no check and no rule is named `everything`: `feedctl explain` lists them"));
    }

    #[test]
    fn no_id_means_two_things() {
        let ids: Vec<&str> = checks().chain(rules()).map(|topic| topic.id).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
        }
    }
}
