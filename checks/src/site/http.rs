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

pub(crate) struct Http {
    client: Client,
}

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Default for Http {
    fn default() -> Self {
        // An error says that the process has its provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .expect("a client of fixed settings and an installed TLS provider");
        Http { client }
    }
}

impl Http {
    /// `name` is the endpoint's under `health:` of feedctl.yml.
    pub(crate) async fn get(&self, name: &str, url: &str) -> Result<Answer, ProbeError> {
        self.fetch(url).await.map_err(|error| explain(name, url, error))
    }

    async fn fetch(&self, url: &str) -> reqwest::Result<Answer> {
        let mut response = self.client.get(url).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                break;
            }
        }
        Ok(Answer { status: response.status().as_u16(), body })
    }
}

fn explain(name: &str, url: &str, error: reqwest::Error) -> ProbeError {
    let error = error.without_url();
    let silent = |kind| {
        let subject = Subject::Endpoint(name.to_owned());
        ProbeError::Silent(Silence { subject, place: url.to_owned(), reason: place::reason(kind) })
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
    } else if error.is_builder() {
        misconfigured("no request can be made from the URL", error)
    } else if source_of::<rustls::Error>(&error).is_some() {
        misconfigured("TLS does not work with the URL", error)
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
