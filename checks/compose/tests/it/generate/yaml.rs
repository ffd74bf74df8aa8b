//! A YAML value before it is written down.

mod write;

pub(crate) use write::write;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    /// Text whose spelling is free: plain where that stays text, in quotes or as a block otherwise.
    Text(String),
    /// Written exactly so: numbers, booleans, aliases, nothing.
    Raw(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
    /// An anchor or a tag, and the value behind it.
    Marked(String, Box<Yaml>),
}

pub(crate) fn text(text: impl Into<String>) -> Yaml {
    Yaml::Text(text.into())
}

pub(crate) fn raw(text: impl Into<String>) -> Yaml {
    Yaml::Raw(text.into())
}

pub(crate) fn list(items: impl IntoIterator<Item = Yaml>) -> Yaml {
    Yaml::List(items.into_iter().collect())
}

pub(crate) fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Yaml)>) -> Yaml {
    Yaml::Map(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

impl Yaml {
    pub(crate) fn marked(self, mark: impl Into<String>) -> Self {
        Self::Marked(mark.into(), Box::new(self))
    }

    /// The keys of a mapping.
    pub(crate) fn pairs(&mut self) -> Option<&mut Vec<(String, Yaml)>> {
        match self {
            Self::Map(pairs) => Some(pairs),
            Self::Marked(_, inner) => inner.pairs(),
            Self::Text(_) | Self::Raw(_) | Self::List(_) => None,
        }
    }

    pub(crate) fn get(&mut self, key: &str) -> Option<&mut Yaml> {
        match self {
            Self::Map(pairs) => pairs.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            Self::Marked(_, inner) => inner.get(key),
            _ => None,
        }
    }

    pub(crate) fn set(&mut self, key: &str, value: Yaml) {
        match self.get(key) {
            Some(place) => *place = value,
            None => self.pairs().expect("a mapping").push((key.to_owned(), value)),
        }
    }

    /// The value under `key`, made if it is not there.
    pub(crate) fn entry(&mut self, key: &str) -> &mut Yaml {
        if self.get(key).is_none() {
            self.set(key, map::<&str>([]));
        }
        self.get(key).expect("just made")
    }

    /// Every value of this one with its depth, itself first; the counting of [`Yaml::nth`].
    pub(crate) fn depths(&self) -> Vec<usize> {
        let mut depths = vec![0];
        let mut below = |value: &Yaml| depths.extend(value.depths().into_iter().map(|depth| depth + 1));
        match self {
            Self::List(items) => items.iter().for_each(below),
            Self::Map(pairs) => pairs.iter().for_each(|(_, value)| below(value)),
            Self::Marked(_, inner) => below(inner),
            Self::Text(_) | Self::Raw(_) => {}
        }
        depths
    }

    /// The value at this place of [`Yaml::depths`].
    pub(crate) fn nth(&mut self, place: usize) -> &mut Yaml {
        let mut left = place;
        self.seek(&mut left).expect("a place of this tree")
    }

    fn seek(&mut self, left: &mut usize) -> Option<&mut Yaml> {
        if *left == 0 {
            return Some(self);
        }
        *left -= 1;
        match self {
            Self::List(items) => items.iter_mut().find_map(|item| item.seek(left)),
            Self::Map(pairs) => pairs.iter_mut().find_map(|(_, value)| value.seek(left)),
            Self::Marked(_, inner) => inner.seek(left),
            Self::Text(_) | Self::Raw(_) => None,
        }
    }

    /// A mark or an alias somewhere in it: what must stay where it stands.
    pub(crate) fn is_bound(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Raw(text) => text.starts_with('*'),
            Self::List(items) => items.iter().any(Self::is_bound),
            Self::Map(pairs) => pairs.iter().any(|(_, value)| value.is_bound()),
            Self::Marked(..) => true,
        }
    }
}
