//! Whole projects from a seed: services are drawn key by key ([`keys`]), laid into files ([`draft`]), respelled ([`spelling`]),
//! now and then broken ([`mistake`]), and given a command line ([`layout`]). It knows what Compose projects look like, never
//! what Compose makes of them.

use std::collections::BTreeMap;

use crate::dice::Dice;
use crate::situation::Situation;

mod dotenv;
mod draft;
mod keys;
mod layout;
mod mistake;
mod rare;
mod sections;
mod spelling;
mod texts;
mod yaml;

use yaml::Yaml;

/// A project before it is written down.
#[derive(Debug, Default)]
struct Draft {
    /// The top-level files, in the order in which they lie over each other.
    layers: Vec<Yaml>,
    /// Extended and included files, by path.
    beside: BTreeMap<String, Yaml>,
    /// Files with variables for containers, by path.
    env_files: BTreeMap<String, String>,
    variables: Variables,
}

#[derive(Debug, Default)]
struct Variables {
    shell: BTreeMap<String, String>,
    /// The `.env` of the project.
    project: Vec<(String, String)>,
    /// The `.env` of the included folder.
    included: Vec<(String, String)>,
    made: usize,
}

pub(crate) fn situation(seed: u64) -> Situation {
    let dice = &mut Dice::of(seed);
    if dice.chance(4) {
        return texts::situation(dice);
    }
    let mut draft = draft::draft(dice);
    spelling::respell(&mut draft, dice);
    match dice.between(0, 99) {
        0..=3 => mistake::in_values(&mut draft, dice),
        4..=8 => {
            let layer = dice.index(draft.layers.len());
            rare::add(&mut draft.layers[layer], dice);
        }
        _ => {}
    }
    let mut situation = layout::lay_out(draft, dice);
    if dice.chance(3) {
        mistake::in_text(&mut situation, dice);
    }
    situation
}

#[test]
fn a_seed_gives_one_project() {
    assert_eq!(situation(7), situation(7));
    assert_ne!(situation(7), situation(8));
}
