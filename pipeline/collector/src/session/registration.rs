//! The registrations of one session: which are asked for, confirmed, or refused. They begin anew with each connection,
//! because the broker forgets them with it.

use std::time::{Duration, Instant};

use feed::kis::Subscription;
use feed::kis::control::{Class, Reply};

const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// So many failures in a row are said to a person; from then on it is asked for this rarely, for as long as it takes.
const TRIES: u32 = 5;
const RARELY: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(super) struct Registrations(Vec<Registration>);

#[derive(Debug)]
struct Registration {
    subscription: Subscription,
    tries: u32,
    /// What a person should know: why it is refused, or why the last of several tries failed.
    trouble: Option<String>,
    standing: Standing,
}

#[derive(Debug)]
enum Standing {
    /// To be asked for, not before the instant where there is one.
    Wanted(Option<Instant>),
    /// Asked for; an answer is due.
    Asked(Instant),
    Registered,
    /// For this session: another try would be answered in the same way.
    Refused,
}

impl Registrations {
    pub(super) fn new(subscriptions: &[Subscription]) -> Self {
        Registrations(subscriptions.iter().copied().map(Registration::new).collect())
    }

    pub(super) fn start_over(&mut self) {
        for one in &mut self.0 {
            *one = Registration::new(one.subscription);
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

    /// An answer that did not come in time counts as a failed try.
    pub(super) fn miss_answers(&mut self, now: Instant) {
        for one in &mut self.0 {
            if matches!(one.standing, Standing::Asked(due) if now >= due) {
                one.fail("no answer within 10 s", now);
            }
        }
    }

    /// Asks for the next one that is due.
    pub(super) fn ask_next(&mut self, now: Instant) -> Option<Subscription> {
        let due =
            |one: &&mut Registration| matches!(one.standing, Standing::Wanted(due) if due.is_none_or(|due| due <= now));
        let one = self.0.iter_mut().find(due)?;
        one.standing = Standing::Asked(now + ANSWER_LIMIT);
        Some(one.subscription)
    }

    /// Takes a reply to a registration; false when it is about none of ours. An error may come without its key: it is
    /// about the one that is asked for.
    pub(super) fn answered(&mut self, reply: &Reply, now: Instant) -> bool {
        let lacks_key = reply.tr_id.is_some() && reply.tr_key.is_empty() && reply.code.class() != Class::Ok;
        let is_meant = |one: &&mut Registration| match one.standing {
            Standing::Asked(_) if lacks_key => true,
            _ => reply.concerns(&one.subscription),
        };
        let Some(one) = self.0.iter_mut().find(is_meant) else { return false };
        let reason = format!("{} {}", reply.code.as_str(), reply.text);
        match reply.code.class() {
            Class::Ok | Class::Benign => {
                *one = Registration { standing: Standing::Registered, ..Registration::new(one.subscription) };
            }
            Class::Transient => one.fail(&reason, now),
            Class::Permanent => one.refuse(reason),
            Class::Capacity => {
                one.refuse(reason);
                self.refuse_the_rest();
            }
            Class::Auth | Class::InUse => return false,
        }
        true
    }

    fn refuse_the_rest(&mut self) {
        let waiting = self.0.iter_mut().filter(|one| matches!(one.standing, Standing::Wanted(_)));
        waiting.for_each(|one| one.refuse("not asked for: the session is full".to_owned()));
    }

    pub(super) fn registered(&self) -> impl Iterator<Item = Subscription> {
        self.0.iter().filter(|one| matches!(one.standing, Standing::Registered)).map(|one| one.subscription)
    }

    /// Each is registered, or has a trouble that a person can read.
    pub(super) fn are_settled(&self) -> bool {
        self.0.iter().all(|one| matches!(one.standing, Standing::Registered) || one.trouble.is_some())
    }

    /// Settled with nothing, of which another session may get something.
    pub(super) fn came_to_nothing(&self) -> bool {
        let may_come = || self.0.iter().any(|one| !matches!(one.standing, Standing::Refused));
        self.registered().next().is_none() && self.are_settled() && may_come()
    }

    pub(super) fn wanted(&self) -> usize {
        self.0.len()
    }

    pub(super) fn refused(&self) -> Vec<String> {
        let refused = |one: &Registration| one.trouble.as_ref().map(|why| format!("{}: {why}", one.subscription));
        self.0.iter().filter_map(refused).collect()
    }
}

impl Registration {
    fn new(subscription: Subscription) -> Self {
        Registration { subscription, tries: 0, trouble: None, standing: Standing::Wanted(None) }
    }

    fn refuse(&mut self, reason: String) {
        (self.trouble, self.standing) = (Some(reason), Standing::Refused);
    }

    fn fail(&mut self, reason: &str, now: Instant) {
        self.tries += 1;
        let delay = if self.tries < TRIES {
            Duration::from_secs(1 << self.tries)
        } else {
            self.trouble = Some(format!("{reason} ({} tries)", self.tries));
            RARELY
        };
        self.standing = Standing::Wanted(Some(now + delay));
    }
}
