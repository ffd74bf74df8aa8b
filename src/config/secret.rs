//! A secret is never written in feedctl.yml: the key ends in `_env` and names a variable, or in `_file` and names a file.

use feedctl_checks::site::Credential;
use secrecy::SecretString;
use serde_saphyr::Spanned;

use super::Reader;
use super::mistake::Mistake;

/// The two ways in which a section can give one secret.
pub(super) struct Ways<'a> {
    /// The key without its ending, as in `database.password`.
    pub(super) key: &'static str,
    pub(super) env: &'a Option<Spanned<String>>,
    pub(super) file: &'a Option<Spanned<String>>,
}

impl Ways<'_> {
    /// The secret, without the white space around it (the newline of an editor); `None` where neither way is taken.
    pub(super) fn read(&self, reader: &Reader<'_>) -> Result<Option<Credential>, Box<Mistake>> {
        let key = self.key;
        let (text, key, place) = match (self.env, self.file) {
            (None, None) => return Ok(None),
            (Some(_), Some(file)) => {
                let title = format!("`{key}_env` and `{key}_file` are both given");
                return Err(reader.source.mistake(file.referenced, title, "keep one"));
            }
            (Some(variable), None) => {
                let name = &variable.value;
                let text = reader.environment.get(name).map(str::to_owned).ok_or_else(|| {
                    let hint = format!("set {name}, also possible in `env_file`, or give `{key}_file`");
                    reader.source.mistake(variable.referenced, format!("the variable `{name}` is not set"), hint)
                })?;
                (text, format!("{key}_env"), variable.referenced)
            }
            (None, Some(file)) => {
                let path = reader.folder.join(&file.value);
                let text = std::fs::read_to_string(path).map_err(|error| {
                    let hint = format!("write the secret into this file, or give `{key}_env`");
                    reader.source.mistake(file.referenced, format!("cannot read `{}`: {error}", file.value), hint)
                })?;
                (text, format!("{key}_file"), file.referenced)
            }
        };
        match text.trim() {
            "" => Err(reader.source.mistake(place, format!("`{key}` leads to an empty secret"), "nothing is in it")),
            secret => Ok(Some(Credential { secret: SecretString::from(secret), key })),
        }
    }
}
