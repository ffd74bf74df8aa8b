//! The registrations of one session: which are asked for, confirmed, or refused. They begin anew with each connection,
//! because the broker forgets them with it.

use std::time::{Duration, Instant};

use feed::kis::Subscription;
use feed::kis::control::{Class, Reply};

const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const TRIES: u32 = 5;

#[derive(Debug)]
pub(super) struct Registrations(Vec<Registration>);

#[derive(Debug)]
struct Registration {
    subscription: Subscription,
    tries: u32,
    standing: Standing,
}

#[derive(Debug)]
enum Standing {
    /// To be asked for, not before the instant where there is one.
    Wanted(Option<Instant>),
    /// Asked for; an answer is due.
    Asked(Instant),
    Registered,
    /// For this session; the broker's reason.
    Refused(String),
}

impl Registrations {
    pub(super) fn new(subscriptions: &[Subscription]) -> Self {
        let wanted =
            |one: &Subscription| Registration { subscription: *one, tries: 0, standing: Standing::Wanted(None) };
        Registrations(subscriptions.iter().map(wanted).collect())
    }

    pub(super) fn start_over(&mut self) {
        for one in &mut self.0 {
            (one.tries, one.standing) = (0, Standing::Wanted(None));
        }
    }

    /// When the next step is due: the answer that is awaited runs out, or, where none is, the next may be asked for.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        let awaited = self.0.iter().find_map(|one| match one.standing {
            Standing::Asked(due) => Some(due),
            _ => None,
        });
        let wanted = self.0.iter().filter_map(|one| match one.standing {
            Standing::Wanted(due) => Some(due.unwrap_or(now)),
            _ => None,
        });
        awaited.or_else(|| wanted.min())
    }

    /// Asks for the next one that is due. An answer that did not come in time counts as a failed try.
    pub(super) fn ask_next(&mut self, now: Instant) -> Option<Subscription> {
        for one in &mut self.0 {
            if matches!(one.standing, Standing::Asked(due) if now >= due) {
                one.fail("no answer within 10 s", now);
            }
        }
        let due =
            |one: &&mut Registration| matches!(one.standing, Standing::Wanted(due) if due.is_none_or(|due| due <= now));
        let one = self.0.iter_mut().find(due)?;
        one.standing = Standing::Asked(now + ANSWER_LIMIT);
        Some(one.subscription)
    }

    /// Takes a reply to a registration; false when it names none of ours.
    pub(super) fn answered(&mut self, reply: &Reply, now: Instant) -> bool {
        let Some(one) = self.0.iter_mut().find(|one| reply.concerns(&one.subscription)) else { return false };
        let reason = format!("{} {}", reply.code.as_str(), reply.text);
        match reply.code.class() {
            Class::Ok | Class::Benign => one.standing = Standing::Registered,
            Class::Transient => one.fail(&reason, now),
            Class::Permanent => one.standing = Standing::Refused(reason),
            Class::Capacity => {
                one.standing = Standing::Refused(reason);
                self.refuse_the_rest();
            }
            Class::Auth | Class::InUse => return false,
        }
        true
    }

    fn refuse_the_rest(&mut self) {
        let waiting = self.0.iter_mut().filter(|one| matches!(one.standing, Standing::Wanted(_)));
        waiting.for_each(|one| one.standing = Standing::Refused("not asked for: the session is full".to_owned()));
    }

    pub(super) fn registered(&self) -> impl Iterator<Item = Subscription> {
        self.0.iter().filter(|one| matches!(one.standing, Standing::Registered)).map(|one| one.subscription)
    }

    /// Nothing is asked for or to be asked for any more.
    pub(super) fn are_settled(&self) -> bool {
        self.0.iter().all(|one| matches!(one.standing, Standing::Registered | Standing::Refused(_)))
    }

    pub(super) fn wanted(&self) -> usize {
        self.0.len()
    }

    pub(super) fn refused(&self) -> Vec<String> {
        let refused = |one: &Registration| match &one.standing {
            Standing::Refused(reason) => Some(format!("{}: {reason}", one.subscription)),
            _ => None,
        };
        self.0.iter().filter_map(refused).collect()
    }
}

impl Registration {
    fn fail(&mut self, reason: &str, now: Instant) {
        self.tries += 1;
        self.standing = if self.tries < TRIES {
            Standing::Wanted(Some(now + Duration::from_secs(1 << self.tries)))
        } else {
            Standing::Refused(format!("{reason} ({TRIES} tries)"))
        };
    }
}
