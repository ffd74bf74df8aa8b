//! Health endpoints, asked with GET: no redirect is followed, no proxy is used, and a long answer is cut off.

use std::error::Error;
use std::io;
use std::sync::Arc;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, ProbeError, Silence, place};
use crate::finding::Subject;

/// A health document is some hundred bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// `name` is the endpoint's under `health:` of feedctl.yml.
pub(crate) async fn get(name: &str, url: &str) -> Result<Answer, ProbeError> {
    fetch(url).await.map_err(|error| explain(name, url, error))
}

async fn fetch(url: &str) -> reqwest::Result<Answer> {
    let mut response = client(url)?.get(url).send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            break;
        }
    }
    Ok(Answer { status: response.status().as_u16(), body })
}

fn client(url: &str) -> reqwest::Result<Client> {
    // An error says that the process has its provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder =
        Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT).redirect(Policy::none()).no_proxy();
    // Without certificates of the system no client can be built, and plain HTTP needs none.
    let builder = if url.starts_with("http://") { builder.tls_certs_only([]) } else { builder };
    builder.build()
}

fn explain(name: &str, url: &str, error: reqwest::Error) -> ProbeError {
    let error = error.without_url();
    let silent = |kind| {
        let subject = Subject::Endpoint(name.to_owned());
        // A query may hold a token.
        let place = url.split('?').next().unwrap_or_default().to_owned();
        ProbeError::Silent(Silence { subject, place, reason: place::reason(kind) })
    };
    let misconfigured = |problem: &str, error| ProbeError::Misconfigured {
        problem: format!("{problem} of the health endpoint {name}"),
        key: format!("health.{name}"),
        source: Some(Arc::new(error)),
    };
    if error.is_timeout() {
        silent(io::ErrorKind::TimedOut)
    } else if error.is_dns() {
        misconfigured("nobody knows the host name", error)
    } else if source_of::<rustls::Error>(&error).is_some() {
        misconfigured("TLS does not work with the URL", error)
    } else if error.is_builder() {
        misconfigured("no request can be made from the URL", error)
    } else {
        silent(source_of::<io::Error>(&error).map_or(io::ErrorKind::ConnectionReset, io::Error::kind))
    }
}

/// The first error of a type in the chain; an I/O error may wrap another that its `source` hides.
fn source_of<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error
        .downcast_ref()
        .or_else(|| inner.and_then(|inner| inner.downcast_ref()))
        .or_else(|| error.source().and_then(source_of))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    async fn check(url: &str, expected: &str, key: Option<&str>) {
        let error = get("collector", url).await.expect_err("nobody listens on port 1");
        assert_eq!((error.to_string().as_str(), error.key()), (expected, key));
    }

    /// Set where the test runs a second time, in a process of its own that finds no certificates.
    const AGAIN: &str = "FEEDCTL_TEST_WITHOUT_CERTIFICATES";

    #[tokio::test]
    async fn a_system_without_certificates_is_told_where_they_are_needed() {
        if std::env::var_os(AGAIN).is_some() {
            check("http://127.0.0.1:1/", "collector does not answer at http://127.0.0.1:1/: connection refused", None)
                .await;
            let tls = "TLS does not work with the URL of the health endpoint collector";
            check("https://127.0.0.1:1/", tls, Some("health.collector")).await;
            return;
        }
        let mut command = Command::new(std::env::current_exe().expect("the path of this test"));
        command.arg("a_system_without_certificates").env(AGAIN, "1");
        command.env("SSL_CERT_FILE", "/dev/null").env_remove("SSL_CERT_DIR");
        let output = command.output().expect("this test runs again");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
    }

    #[tokio::test]
    async fn what_stands_in_the_query_is_not_shown() {
        let expected = "collector does not answer at http://127.0.0.1:1/health: connection refused";
        check("http://127.0.0.1:1/health?token=secret", expected, None).await;
    }
}
