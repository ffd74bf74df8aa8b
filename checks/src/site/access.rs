//! Addresses and secrets of the things to look at.

use secrecy::SecretString;

/// Made by feedctl's configuration, taken apart here, shown to nobody.
#[derive(Debug, Clone)]
pub struct Access {
    /// The Compose project whose containers are looked at.
    pub project: String,
    pub docker: DockerAccess,
    pub redis: Option<RedisAccess>,
    pub database: Option<DatabaseAccess>,
}

/// `docker:` of feedctl.yml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DockerAccess {
    /// `local`: `DOCKER_HOST` of the environment, else the socket of this machine.
    Local,
    /// A value as in `DOCKER_HOST`.
    Host(String),
    /// `none`: container checks are skipped.
    None,
}

#[derive(Debug, Clone)]
pub enum RedisAccess {
    Service { service: String, port: u16 },
    Url(Credential),
}

#[derive(Debug, Clone)]
pub enum DatabaseAccess {
    Service { service: String, port: u16, name: String, user: String, password: Option<Credential> },
    Url(Credential),
}

/// A secret and the key of feedctl.yml that told where to find it, like `database.password_file`.
#[derive(Debug, Clone)]
pub struct Credential {
    pub secret: SecretString,
    pub key: String,
}
