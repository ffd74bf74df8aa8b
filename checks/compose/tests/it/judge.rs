//! One project, read twice: where the two readings part.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use feedctl_compose::project::load;
use feedctl_compose::resolved::resolved;
use feedctl_compose::source::Sources;
use serde_json::{Map, Value, json};

use crate::oracle;
use crate::situation::Situation;

/// What the rules read of a service. Of `deploy` only `restart_policy` counts.
const KEYS: &[&str] = &[
    "restart",
    "depends_on",
    "profiles",
    "healthcheck",
    "image",
    "ports",
    "volumes",
    "logging",
    "stop_grace_period",
    "init",
    "labels",
    "environment",
];

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Accepted(Value),
    Refused(String),
    /// No end within the time given; for us, a panic.
    Hangs,
}

/// Where two readings part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Disagreement {
    /// What kind it is, without names and values: equal for projects that show the same.
    pub class: String,
    pub theirs: String,
    pub ours: String,
}

pub(crate) struct Judgement {
    pub theirs: Answer,
    pub disagreement: Option<Disagreement>,
}

pub(crate) fn judge(situation: &Situation) -> Judgement {
    let temporary = tempfile::Builder::new().prefix("compose-").tempdir().expect("a temporary folder");
    let root = temporary.path().join("desk");
    situation.write(&root).expect("the temporary folder takes files");
    let theirs = narrow(oracle::answer(&root, &situation.command));
    let ours = narrow(our_answer(&root, situation));
    Judgement { disagreement: compare(&theirs, &ours), theirs }
}

fn our_answer(root: &Path, situation: &Situation) -> Answer {
    let request = situation.command.request(root);
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut sources = Sources::default();
        match load(&request, &mut sources) {
            Err(refusal) => {
                let place = refusal
                    .at
                    .map(|at| sources.place(at))
                    .map(|place| format!("{}:{}:{}: ", place.path.display(), place.line, place.column));
                Answer::Refused(format!("{}{}", place.unwrap_or_default(), refusal.message))
            }
            Ok(project) if !project.gaps.is_empty() => Answer::Refused(project.gaps[0].message.clone()),
            Ok(project) if !project.lacking.is_empty() => Answer::Refused(project.lacking[0].message.clone()),
            Ok(project) => Answer::Accepted(json!({ "name": project.name, "services": resolved(&project) })),
        }
    }));
    read.unwrap_or(Answer::Hangs)
}

/// Only what is to be compared.
fn narrow(answer: Answer) -> Answer {
    let Answer::Accepted(project) = answer else { return answer };
    let services = project["services"].as_object().cloned().unwrap_or_default();
    let services: Map<String, Value> = services
        .into_iter()
        .map(|(name, service)| {
            let mut kept: Map<String, Value> =
                KEYS.iter().filter_map(|key| Some(((*key).to_owned(), service.get(*key)?.clone()))).collect();
            if let Some(policy) = service.pointer("/deploy/restart_policy") {
                kept.insert("deploy.restart_policy".to_owned(), policy.clone());
            }
            (name, Value::Object(kept))
        })
        .collect();
    Answer::Accepted(json!({ "name": project["name"], "services": services }))
}

fn compare(theirs: &Answer, ours: &Answer) -> Option<Disagreement> {
    let disagreement = |class: String, theirs: &str, ours: &str| {
        Some(Disagreement { class, theirs: theirs.to_owned(), ours: ours.to_owned() })
    };
    match (theirs, ours) {
        (Answer::Accepted(theirs), Answer::Accepted(ours)) => {
            let (path, theirs, ours) = difference(theirs, ours)?;
            let class = path.iter().skip(2).take(3).filter(|step| step.parse::<usize>().is_err());
            let class = class.fold("answer".to_owned(), |class, step| format!("{class} {step}"));
            let path = path.join(".");
            disagreement(class, &format!("{path} = {theirs}"), &format!("{path} = {ours}"))
        }
        (Answer::Refused(_) | Answer::Hangs, Answer::Refused(_)) => None,
        (_, Answer::Hangs) => disagreement("we panic".to_owned(), "an answer", "a panic"),
        (Answer::Hangs, _) => disagreement("only they hang".to_owned(), "no end", "accepted"),
        (Answer::Refused(reason), _) => disagreement(format!("only they refuse {}", bare(reason)), reason, "accepted"),
        (_, Answer::Refused(reason)) => disagreement(format!("only we refuse {}", bare(reason)), "accepted", reason),
    }
}

/// A message without names, places and numbers.
fn bare(reason: &str) -> String {
    let words = reason.split_whitespace().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    words.take(6).collect::<Vec<_>>().join(" ")
}

/// The first place, depth first, at which two values differ, with both sides of it.
fn difference(theirs: &Value, ours: &Value) -> Option<(Vec<String>, Value, Value)> {
    let absent = || Value::String("(absent)".to_owned());
    let below = |step: String, theirs: Option<&Value>, ours: Option<&Value>| match (theirs, ours) {
        (Some(theirs), Some(ours)) => difference(theirs, ours).map(|(mut path, theirs, ours)| {
            path.insert(0, step);
            (path, theirs, ours)
        }),
        _ => Some((vec![step], theirs.cloned().unwrap_or_else(absent), ours.cloned().unwrap_or_else(absent))),
    };
    match (theirs, ours) {
        (Value::Object(left), Value::Object(right)) => {
            let added = right.keys().filter(|key| !left.contains_key(*key));
            left.keys().chain(added).find_map(|key| below(key.clone(), left.get(key), right.get(key)))
        }
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len()))
            .find_map(|index| below(index.to_string(), left.get(index), right.get(index))),
        _ => (theirs != ours).then(|| (Vec::new(), theirs.clone(), ours.clone())),
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "class   {}", self.class)?;
        writeln!(out, "theirs  {}", self.theirs)?;
        writeln!(out, "ours    {}", self.ours)
    }
}

#[test]
fn a_difference_is_found_and_has_a_class_without_names() {
    let project = |services: Value| narrow(Answer::Accepted(json!({ "name": "desk", "services": services })));
    let no = project(json!({ "redis": { "restart": "no", "hostname": "not compared" } }));
    let always = project(json!({ "redis": { "restart": "always" } }));
    assert_eq!(compare(&no, &no), None);
    let found = compare(&no, &always).expect("they differ");
    assert_eq!(found.class, "answer restart");
    assert_eq!(found.theirs, r#"services.redis.restart = "no""#);
    let refused = Answer::Refused("services.redis.restart must be a string".to_owned());
    assert_eq!(compare(&refused, &refused), None);
    assert_eq!(compare(&refused, &no).expect("they differ").class, "only they refuse must be a string");
    assert_eq!(compare(&no, &refused).expect("they differ").class, "only we refuse must be a string");
    assert!(compare(&Answer::Hangs, &no).is_some());
    assert_eq!(compare(&Answer::Hangs, &refused), None);
}
