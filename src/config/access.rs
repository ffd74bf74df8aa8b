//! From the mirror to the [`Access`]: where to look, and the secrets that it takes.

use feedctl_checks::site::{Access, Credential, DatabaseAccess, DockerAccess, RedisAccess};
use serde_saphyr::Spanned;

use super::Reader;
use super::file::{Database, File, Redis};
use super::mistake::{Mistake, meant};
use super::secret::Ways;

/// Where to look. `project` is the Compose project.
pub(super) fn access(reader: &Reader<'_>, file: &File, project: &str) -> Result<Access, Box<Mistake>> {
    Ok(Access {
        project: project.to_owned(),
        docker: docker(reader, file)?,
        redis: file.redis.as_ref().map(|written| redis(reader, file, written)).transpose()?,
        database: file.database.as_ref().map(|written| database(reader, file, written)).transpose()?,
    })
}

fn docker(reader: &Reader<'_>, file: &File) -> Result<DockerAccess, Box<Mistake>> {
    let Some(written) = &file.docker else { return Ok(DockerAccess::Local) };
    match written.value.as_str() {
        "local" => Ok(DockerAccess::Local),
        "none" => Ok(DockerAccess::None),
        host if host.contains("://") => Ok(DockerAccess::Host(host.to_owned())),
        _ => {
            let hint = "`local`, `none`, or an address like tcp://10.0.0.5:2375";
            Err(reader.source.mistake(written.referenced, "`docker` says of no engine where it is", hint))
        }
    }
}

fn redis(reader: &Reader<'_>, file: &File, written: &Spanned<Redis>) -> Result<RedisAccess, Box<Mistake>> {
    let Redis { service, port, url_env, url_file } = &written.value;
    let url = Ways { key: "redis.url", env: url_env, file: url_file }.read(reader)?;
    Ok(match door(reader, file, written, "redis", service, url)? {
        Door::Url(url) => RedisAccess::Url(url),
        Door::Service(service) => RedisAccess::Service { service, port: port.unwrap_or(6379) },
    })
}

fn database(reader: &Reader<'_>, file: &File, written: &Spanned<Database>) -> Result<DatabaseAccess, Box<Mistake>> {
    let Database { service, port, name, user, password_env, password_file, url_env, url_file } = &written.value;
    let url = Ways { key: "database.url", env: url_env, file: url_file }.read(reader)?;
    let password = Ways { key: "database.password", env: password_env, file: password_file }.read(reader)?;
    Ok(match door(reader, file, written, "database", service, url)? {
        Door::Url(url) => DatabaseAccess::Url(url),
        Door::Service(service) => DatabaseAccess::Service {
            service,
            port: port.unwrap_or(5432),
            name: name.clone().unwrap_or_else(|| "feed".to_owned()),
            user: user.clone().unwrap_or_else(|| "feedctl_reader".to_owned()),
            password,
        },
    })
}

/// The one way to a server that a section must give.
enum Door {
    Service(String),
    Url(Credential),
}

fn door<Section>(
    reader: &Reader<'_>,
    file: &File,
    section: &Spanned<Section>,
    key: &str,
    service: &Option<Spanned<String>>,
    url: Option<Credential>,
) -> Result<Door, Box<Mistake>> {
    match (service, url) {
        (None, Some(url)) => Ok(Door::Url(url)),
        (Some(service), None) if file.docker.as_ref().is_some_and(|docker| docker.value == "none") => {
            let title = format!("`{key}` names a service, and `docker: none` leaves no engine to find it");
            let hint = "without an engine a service has no address: give `url_env`";
            Err(reader.source.mistake(service.referenced, title, hint))
        }
        (Some(service), None) if file.services.contains_key(&service.value) => Ok(Door::Service(service.value.clone())),
        (Some(service), None) => {
            let known: Vec<&str> = file.services.keys().map(String::as_str).collect();
            let title = format!("`{}` is not one of the `services`", service.value);
            Err(reader.source.mistake(service.referenced, title, meant(&service.value, &known)))
        }
        (Some(service), Some(_)) => {
            let title = format!("`{key}` is given both as a service and as a URL");
            Err(reader.source.mistake(service.referenced, title, "keep one"))
        }
        (None, None) => {
            let title = format!("`{key}` does not say where it is");
            Err(reader.source.mistake(section.referenced, title, "add `service: …`, or `url_env: …`"))
        }
    }
}
